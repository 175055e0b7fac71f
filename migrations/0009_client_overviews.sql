-- What the list of clients shows of each that was not deleted, in narrow rows: it is searched and sorted over all of them.
-- Rows change in place with every code and token, for which the pages leave room.
CREATE TABLE client_overviews (
    org_id                uuid NOT NULL,
    client_id             uuid NOT NULL,
    identifier_key        text NOT NULL,
    third_party_id        uuid,
    access_token_lifetime integer,
    active                boolean NOT NULL,
    authorization_id      uuid,
    code_created_at       timestamptz,
    member_id             uuid,
    token_id              uuid,
    token_created_at      timestamptz,
    PRIMARY KEY (org_id, client_id)
) WITH (fillfactor = 80);

-- Of the clients that are there. Forced row-level security would show their owner none of them.
ALTER TABLE clients NO FORCE ROW LEVEL SECURITY;
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE authorizations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tokens NO FORCE ROW LEVEL SECURITY;
INSERT INTO client_overviews
SELECT c.org_id, c.client_id, lower(c.identifier COLLATE "C"), c.third_party_id,
    (c.settings ->> 'access_token_lifetime')::integer, c.active,
    a.authorization_id, a.granted_at, a.member_id, t.token_id, t.issued_at
FROM clients c
LEFT JOIN LATERAL (
    SELECT e.stream_id FROM events e
    WHERE e.org_id = c.org_id AND e.client_id = c.client_id AND e.event_type = 'AuthorizationGranted'
    ORDER BY e.position DESC LIMIT 1
) granted ON true
LEFT JOIN authorizations a ON a.org_id = c.org_id AND a.authorization_id = granted.stream_id
LEFT JOIN LATERAL (
    SELECT e.stream_id FROM events e
    WHERE e.org_id = c.org_id AND e.client_id = c.client_id AND e.event_type = 'TokenIssued'
    ORDER BY e.position DESC LIMIT 1
) issued ON true
LEFT JOIN tokens t ON t.org_id = c.org_id AND t.token_id = issued.stream_id
WHERE NOT c.deleted;
ALTER TABLE clients FORCE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE authorizations FORCE ROW LEVEL SECURITY;
ALTER TABLE tokens FORCE ROW LEVEL SECURITY;

SELECT countersign_make_tenant_table('client_overviews', 'SELECT, INSERT, UPDATE, DELETE');
-- Here many rows are looked at, so the setting is read once a statement rather than once a row: a third of the time. Where
-- single rows are, it is the other way round.
ALTER POLICY tenant ON client_overviews
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
