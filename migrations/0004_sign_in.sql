-- Where a slug leads. Installation-wide, because it is asked before the organization is known.
CREATE TABLE organization_slugs (
    slug         text PRIMARY KEY,
    organization uuid NOT NULL
);
GRANT SELECT, INSERT ON organization_slugs TO countersign_app;

-- In which organizations an e-mail address (as a digest) may sign in. Installation-wide for the same reason.
CREATE TABLE sign_in_directory (
    email_digest bytea NOT NULL,
    organization uuid NOT NULL,
    PRIMARY KEY (email_digest, organization)
);
GRANT SELECT, INSERT, DELETE ON sign_in_directory TO countersign_app;

-- Argon2id verifiers of what people chose. Not derived from the journal, which knows only that they exist.
CREATE TABLE verifiers (
    org_id      uuid NOT NULL,
    verifier_id uuid NOT NULL,
    phc         text NOT NULL,
    PRIMARY KEY (org_id, verifier_id)
);
SELECT countersign_make_tenant_table('verifiers', 'SELECT, INSERT, DELETE');

CREATE TABLE sessions (
    org_id       uuid NOT NULL,
    session_id   uuid NOT NULL,
    digest       bytea NOT NULL,
    member_id    uuid NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    address      text NOT NULL,
    user_agent   text NOT NULL,
    PRIMARY KEY (org_id, session_id)
);
CREATE UNIQUE INDEX sessions_by_digest ON sessions (org_id, digest);
CREATE INDEX sessions_of_member ON sessions (org_id, member_id);
SELECT countersign_make_tenant_table('sessions', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE sign_in_links (
    org_id     uuid NOT NULL,
    digest     bytea NOT NULL,
    member_id  uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, digest)
);
SELECT countersign_make_tenant_table('sign_in_links', 'SELECT, INSERT, DELETE');

-- Failed sign-ins in a row, for the lock-out.
CREATE TABLE sign_in_failures (
    org_id         uuid NOT NULL,
    member_id      uuid NOT NULL,
    failures       integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, member_id)
);
SELECT countersign_make_tenant_table('sign_in_failures', 'SELECT, INSERT, UPDATE, DELETE');

-- Use of tokens: counted in memory, written every few seconds. Use is not a change, so it is not in the journal.
CREATE TABLE token_usage (
    org_id       uuid NOT NULL,
    token_id     uuid NOT NULL,
    uses         bigint NOT NULL,
    last_used_at timestamptz NOT NULL,
    last_source  text NOT NULL,
    PRIMARY KEY (org_id, token_id)
);
SELECT countersign_make_tenant_table('token_usage', 'SELECT, INSERT, UPDATE, DELETE');

-- In which organizations a session's secret (as a digest) is valid. Installation-wide, because a person who picks an
-- organization, or signs out of all, is asked for none.
CREATE TABLE session_directory (
    digest       bytea NOT NULL,
    organization uuid NOT NULL,
    PRIMARY KEY (digest, organization)
);
GRANT SELECT, INSERT, DELETE ON session_directory TO countersign_app;
