-- The last use of each client secret: counted in memory, written every few seconds, like token_usage. It shows whether an
-- old secret can be removed.
CREATE TABLE secret_usage (
    org_id       uuid NOT NULL,
    secret_id    uuid NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, secret_id)
);
SELECT countersign_make_tenant_table('secret_usage', 'SELECT, INSERT, UPDATE, DELETE');
