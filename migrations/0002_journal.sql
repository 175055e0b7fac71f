-- One row an organization: the position and time of its last event. Locking it orders the appends.
CREATE TABLE org_heads (
    org_id      uuid PRIMARY KEY,
    position    bigint NOT NULL,
    occurred_at timestamptz NOT NULL
);
SELECT countersign_make_tenant_table('org_heads', 'SELECT, INSERT, UPDATE');

-- The journal. `record` is the event, exactly as hashed; the other columns exist to find it.
CREATE TABLE events (
    org_id         uuid NOT NULL,
    position       bigint NOT NULL,
    stream_type    text NOT NULL,
    stream_id      uuid NOT NULL,
    stream_version bigint NOT NULL,
    event_type     text NOT NULL,
    event_version  smallint NOT NULL,
    occurred_at    timestamptz NOT NULL,
    actor_id       uuid,
    third_party_id uuid,
    client_id      uuid,
    token_id       uuid,
    record         bytea NOT NULL,
    leaf_hash      bytea NOT NULL,
    PRIMARY KEY (org_id, position),
    UNIQUE (org_id, stream_id, stream_version)
);
CREATE INDEX events_of_third_party ON events (org_id, third_party_id, position) WHERE third_party_id IS NOT NULL;
CREATE INDEX events_of_client ON events (org_id, client_id, position) WHERE client_id IS NOT NULL;
SELECT countersign_make_tenant_table('events', 'SELECT, INSERT');

CREATE FUNCTION countersign_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- Statement level: refused even where row-level security would leave no row to change.
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse_change();

-- What opens the commitments to personal data in the records; sealed. Deleting rows is how a person is erased.
CREATE TABLE disclosures (
    org_id     uuid NOT NULL,
    sha256     text NOT NULL,
    subject_id uuid NOT NULL,
    sealed     bytea NOT NULL,
    PRIMARY KEY (org_id, sha256)
);
CREATE INDEX disclosures_of_subject ON disclosures (org_id, subject_id);
SELECT countersign_make_tenant_table('disclosures', 'SELECT, INSERT, DELETE');

-- The key under which an organization's sealed values are, itself sealed under a master key.
CREATE TABLE data_keys (
    org_id     uuid NOT NULL,
    key_id     integer NOT NULL,
    master_key text NOT NULL,
    wrapped    bytea NOT NULL,
    PRIMARY KEY (org_id, key_id)
);
SELECT countersign_make_tenant_table('data_keys', 'SELECT, INSERT, UPDATE');
