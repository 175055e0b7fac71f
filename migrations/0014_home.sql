-- What became of the requests that presented a token, by day (UTC): counted in memory, written every few seconds, like
-- token_usage. `outcome` is "allowed" or the name of the first check that failed. A token without a third party counts
-- under the identifier of all zeros, because a column of a primary key can't be empty.
CREATE TABLE request_outcomes (
    org_id         uuid NOT NULL,
    day            date NOT NULL,
    third_party_id uuid NOT NULL,
    outcome        text NOT NULL,
    requests       bigint NOT NULL,
    PRIMARY KEY (org_id, day, third_party_id, outcome)
);
CREATE INDEX request_outcomes_of_third_party ON request_outcomes (org_id, third_party_id, day);
CREATE INDEX request_refusals ON request_outcomes (org_id, day) WHERE outcome <> 'allowed';
SELECT countersign_make_tenant_table('request_outcomes', 'SELECT, INSERT, UPDATE, DELETE');

-- The same, of all third parties together: an organization may have more of them than a page can add up.
CREATE TABLE request_totals (
    org_id   uuid NOT NULL,
    day      date NOT NULL,
    outcome  text NOT NULL,
    requests bigint NOT NULL,
    PRIMARY KEY (org_id, day, outcome)
);
SELECT countersign_make_tenant_table('request_totals', 'SELECT, INSERT, UPDATE, DELETE');

-- The secrets of clients that are there, by when they end. A projection.
CREATE TABLE client_secrets (
    org_id     uuid NOT NULL,
    secret_id  uuid NOT NULL,
    client_id  uuid NOT NULL,
    last_four  text,
    expires_at timestamptz,
    PRIMARY KEY (org_id, secret_id)
);
-- Forced row-level security would show the owner none of the clients.
ALTER TABLE clients NO FORCE ROW LEVEL SECURITY;
INSERT INTO client_secrets
SELECT c.org_id, (s ->> 'secret')::uuid, c.client_id, s #>> '{proof,last_four}', (s ->> 'expires_at')::timestamptz
FROM clients c, jsonb_array_elements(c.secrets) s;
ALTER TABLE clients FORCE ROW LEVEL SECURITY;
CREATE INDEX ending_secrets ON client_secrets (org_id, expires_at) WHERE expires_at IS NOT NULL;
SELECT countersign_make_tenant_table('client_secrets', 'SELECT, INSERT, UPDATE, DELETE');

-- The tokens that are worth a person's attention, by when they end and by age: not those that live for a day at most, of
-- which there may be millions and which cost these indexes nothing. What the counts need is in the indexes. The two
-- conditions are written so that neither index passes for the other: the many tokens that end within the hour mislead
-- the planner's choice between them.
CREATE INDEX lasting_tokens_by_end ON tokens (org_id, expires_at)
    INCLUDE (token_id, third_party_id, client_id, authorization_id, issued_at)
    WHERE status = 'active' AND expires_at - issued_at > interval '24 hours';
CREATE INDEX lasting_tokens_by_age ON tokens (org_id, issued_at, token_id)
    INCLUDE (expires_at, third_party_id, client_id, authorization_id)
    WHERE status = 'active' AND coalesce(expires_at - issued_at > interval '24 hours', true);
-- They are counted by the hundred thousand, so the setting is read once a statement rather than once a row. Looking up a
-- single token costs little more by that, and a batch of new ones less.
ALTER POLICY tenant ON tokens
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
ALTER POLICY tenant ON client_secrets
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
-- What ends tokens for good without a word on their rows.
CREATE INDEX deleted_third_parties ON third_parties (org_id, third_party_id) WHERE deleted;
CREATE INDEX deleted_clients ON clients (org_id, client_id) WHERE deleted;
CREATE INDEX revoked_authorizations ON authorizations (org_id, authorization_id) WHERE revoked;

-- The last changes, past the thousands of events of clients that only do their work; and failed authentications.
CREATE INDEX events_but_routine ON events (org_id, position) WHERE (actor_id = client_id) IS NOT TRUE;
CREATE INDEX events_of_failed_authentication ON events (org_id, occurred_at) WHERE event_type = 'AuthenticationFailed';
