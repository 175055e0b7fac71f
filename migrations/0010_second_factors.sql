-- The second factor of members who switched it on: the TOTP secret, sealed, and the time step of the last code that was
-- accepted, so that none is accepted twice. Like verifiers, not derived from the journal, which knows only that it exists.
CREATE TABLE second_factors (
    org_id    uuid NOT NULL,
    member_id uuid NOT NULL,
    secret    bytea NOT NULL,
    last_step bigint NOT NULL,
    PRIMARY KEY (org_id, member_id)
);
SELECT countersign_make_tenant_table('second_factors', 'SELECT, INSERT, UPDATE, DELETE');

-- Digests of the recovery codes that were not used yet.
CREATE TABLE recovery_codes (
    org_id    uuid NOT NULL,
    member_id uuid NOT NULL,
    digest    bytea NOT NULL,
    PRIMARY KEY (org_id, member_id, digest)
);
SELECT countersign_make_tenant_table('recovery_codes', 'SELECT, INSERT, DELETE');

-- A sign-in that waits for a code: by what it began ('password' or 'link'), and how many codes were tried. NULL in
-- sessions proper.
ALTER TABLE sessions ADD COLUMN awaits_code_after text;
ALTER TABLE sessions ADD COLUMN codes_tried integer NOT NULL DEFAULT 0;
