-- What members granted to clients: one authorization with its code, its family of refresh tokens and its access tokens.
CREATE TABLE authorizations (
    org_id           uuid NOT NULL,
    authorization_id uuid NOT NULL,
    client_id        uuid NOT NULL,
    third_party_id   uuid,
    member_id        uuid NOT NULL,
    scopes           text NOT NULL,
    redirect_uri     text NOT NULL,
    code             bytea NOT NULL,
    code_last_four   text NOT NULL,
    granted_at       timestamptz NOT NULL,
    redeemed_at      timestamptz,
    revoked          boolean NOT NULL,
    PRIMARY KEY (org_id, authorization_id)
);
CREATE UNIQUE INDEX authorizations_by_code ON authorizations (org_id, code);
CREATE INDEX authorizations_of_client ON authorizations (org_id, client_id, authorization_id);
CREATE INDEX authorizations_of_member ON authorizations (org_id, member_id, client_id);
SELECT countersign_make_tenant_table('authorizations', 'SELECT, INSERT, UPDATE, DELETE');

-- Every refresh token that was ever given out: a used one must be recognized, or its reuse would go unnoticed.
CREATE TABLE refresh_tokens (
    org_id           uuid NOT NULL,
    digest           bytea NOT NULL,
    authorization_id uuid NOT NULL,
    issued_at        timestamptz NOT NULL,
    PRIMARY KEY (org_id, digest)
);
SELECT countersign_make_tenant_table('refresh_tokens', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE consents (
    org_id     uuid NOT NULL,
    consent_id uuid NOT NULL,
    member_id  uuid NOT NULL,
    client_id  uuid NOT NULL,
    scopes     text NOT NULL,
    given_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, consent_id)
);
CREATE INDEX consents_of_member ON consents (org_id, member_id);
SELECT countersign_make_tenant_table('consents', 'SELECT, INSERT, UPDATE, DELETE');

ALTER TABLE tokens ADD COLUMN authorization_id uuid;
CREATE INDEX tokens_of_authorization ON tokens (org_id, authorization_id) WHERE authorization_id IS NOT NULL;
-- Of the tokens that people handle, to which those without an end belong: only people end them.
DROP INDEX manual_tokens_of_third_party;
CREATE INDEX handled_tokens_of_third_party ON tokens (org_id, third_party_id, token_id)
    WHERE kind = 'manual' OR expires_at IS NULL;
