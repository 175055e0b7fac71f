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

-- Long work. Whoever works on it is written down for a while only, so that another goes on when nothing is heard of it.
CREATE TABLE jobs (
    org_id       uuid NOT NULL,
    job_id       uuid NOT NULL,
    parameters   jsonb NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'queued',
    done         bigint NOT NULL DEFAULT 0,
    total        bigint,
    size         bigint NOT NULL DEFAULT 0,
    cursor       bigint NOT NULL DEFAULT 0,
    pieces       integer NOT NULL DEFAULT 0,
    worker       uuid,
    lease_until  timestamptz,
    finished_at  timestamptz,
    expires_at   timestamptz,
    error        text,
    PRIMARY KEY (org_id, job_id)
);
SELECT countersign_make_tenant_table('jobs', 'SELECT, INSERT, UPDATE, DELETE');

-- What a job made, in order, in pieces of at most 256 KiB; sealed.
CREATE TABLE job_results (
    org_id  uuid NOT NULL,
    job_id  uuid NOT NULL,
    piece   integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (org_id, job_id, piece)
);
SELECT countersign_make_tenant_table('job_results', 'SELECT, INSERT, DELETE');

-- Where a job waits to be done ('run'), or to be removed ('expire'). Installation-wide, because a worker looks for work
-- before it knows whose.
CREATE TABLE job_queue (
    job          uuid NOT NULL,
    purpose      text NOT NULL,
    organization uuid NOT NULL,
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (job, purpose)
);
CREATE INDEX job_queue_by_time ON job_queue (due_at);
GRANT SELECT, INSERT, DELETE ON job_queue TO countersign_app;
