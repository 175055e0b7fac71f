-- The role whose rights `serve` has. Login roles are made members of it; it owns nothing and bypasses nothing.
-- Roles belong to the whole server: another database of ours may have made it already, or be making it right now.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_app') THEN
        CREATE ROLE countersign_app NOLOGIN NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

GRANT USAGE ON SCHEMA public TO countersign_app;

-- Makes a table a tenant table: rows of an organization are seen and written only under that organization, or under a
-- batch of the journal that names it. Both settings are local to a transaction; unset, nothing is seen.
CREATE FUNCTION countersign_make_tenant_table(name regclass, rights text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (org_id = nullif(current_setting(''countersign.org_id'', true), '''')::uuid)',
        name);
    -- The sub-select is evaluated once a statement, not once a row.
    EXECUTE format(
        'CREATE POLICY journal_batch ON %s USING (org_id = ANY ((SELECT string_to_array('
        'nullif(current_setting(''countersign.batch'', true), ''''), '','')::uuid[])::uuid[]))',
        name);
    EXECUTE format('GRANT %s ON %s TO countersign_app', rights, name);
END
$$;
REVOKE ALL ON FUNCTION countersign_make_tenant_table(regclass, text) FROM PUBLIC;
