-- A host name of an organization's own, under which its OAuth endpoints are reached without its slug.
ALTER TABLE organizations ADD COLUMN host text;

-- Where a host name leads. Installation-wide, like organization_slugs; unlike a slug, a host name can be given up.
CREATE TABLE organization_hosts (
    host         text PRIMARY KEY,
    organization uuid NOT NULL
);
GRANT SELECT, INSERT, DELETE ON organization_hosts TO countersign_app;
