-- Current state, derived from the journal in the append transaction. `countersign projections check` compares these
-- tables with a rebuild.
CREATE TABLE organizations (
    org_id               uuid NOT NULL,
    organization_id      uuid NOT NULL,
    slug                 text NOT NULL,
    name                 text NOT NULL,
    suspended            boolean NOT NULL,
    maximum_token_months integer NOT NULL,
    created_at           timestamptz NOT NULL,
    PRIMARY KEY (org_id, organization_id)
);
SELECT countersign_make_tenant_table('organizations', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE members (
    org_id      uuid NOT NULL,
    member_id   uuid NOT NULL,
    email       text,
    name        text,
    role        text NOT NULL,
    active      boolean NOT NULL,
    verifier_id uuid,
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (org_id, member_id)
);
SELECT countersign_make_tenant_table('members', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE third_parties (
    org_id         uuid NOT NULL,
    third_party_id uuid NOT NULL,
    name           text NOT NULL,
    contact_name   text,
    contact_email  text,
    requirements   text,
    mode           text NOT NULL,
    enabled        boolean NOT NULL,
    deleted        boolean NOT NULL,
    added_at       timestamptz NOT NULL,
    version        bigint NOT NULL,
    PRIMARY KEY (org_id, third_party_id)
);
SELECT countersign_make_tenant_table('third_parties', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE clients (
    org_id         uuid NOT NULL,
    client_id      uuid NOT NULL,
    identifier     text NOT NULL,
    client_type    text NOT NULL,
    third_party_id uuid,
    scopes         text NOT NULL,
    redirect_uris  jsonb NOT NULL,
    secrets        jsonb NOT NULL,
    active         boolean NOT NULL,
    deleted        boolean NOT NULL,
    registered_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, client_id)
);
CREATE INDEX clients_of_third_party ON clients (org_id, third_party_id) WHERE third_party_id IS NOT NULL;
CREATE INDEX clients_by_identifier ON clients (org_id, identifier);
SELECT countersign_make_tenant_table('clients', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE tokens (
    org_id         uuid NOT NULL,
    token_id       uuid NOT NULL,
    kind           text NOT NULL,
    status         text NOT NULL,
    third_party_id uuid,
    client_id      uuid,
    digest         bytea NOT NULL,
    last_four      text NOT NULL,
    scopes         text NOT NULL,
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz,
    PRIMARY KEY (org_id, token_id)
);
CREATE UNIQUE INDEX tokens_by_digest ON tokens (org_id, digest);
-- Of the tokens that people handle; access tokens are too many to list, and too short-lived to want to.
CREATE INDEX manual_tokens_of_third_party ON tokens (org_id, third_party_id, token_id) WHERE kind = 'manual';
SELECT countersign_make_tenant_table('tokens', 'SELECT, INSERT, UPDATE, DELETE');

-- Names that must be unique within an organization, and who holds them.
CREATE TABLE unique_names (
    org_id    uuid NOT NULL,
    kind      text NOT NULL,
    name      text NOT NULL,
    holder_id uuid NOT NULL,
    PRIMARY KEY (org_id, kind, name)
);
SELECT countersign_make_tenant_table('unique_names', 'SELECT, INSERT, UPDATE, DELETE');
