-- Whose organization has this slug runs the installation. Nobody may come to that by the name that they once chose.
DO $$
BEGIN
    IF EXISTS (SELECT FROM organization_slugs WHERE slug = 'operator') THEN
        RAISE EXCEPTION 'an organization has the slug operator, which is reserved for those who run the installation from now on'
            USING HINT = 'Ask for help before going on: its owners would become operators.';
    END IF;
END
$$;

-- Which organizations are suspended, for the list of all of them. Installation-wide, like organization_slugs: whether one
-- is suspended is the operators' own doing.
CREATE TABLE suspended_organizations (
    organization uuid PRIMARY KEY
);
GRANT SELECT, INSERT, DELETE ON suspended_organizations TO countersign_app;
-- Forced row-level security would show their owner none of them.
ALTER TABLE organizations NO FORCE ROW LEVEL SECURITY;
INSERT INTO suspended_organizations SELECT organization_id FROM organizations WHERE suspended;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
