-- When each member last signed in: the list of members is sorted by it.
ALTER TABLE members ADD COLUMN last_signed_in_at timestamptz;
-- When a member last proved by password or code who it is. A sign-in does.
ALTER TABLE sessions ADD COLUMN confirmed_at timestamptz;

-- Of what is there. Forced row-level security would show their owner none of it.
ALTER TABLE members NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
UPDATE members m SET last_signed_in_at = (
    SELECT max(e.occurred_at) FROM events e
    WHERE e.org_id = m.org_id AND e.stream_id = m.member_id AND e.event_type = 'MemberSignedIn'
);
UPDATE sessions SET confirmed_at = created_at;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;

ALTER TABLE sessions ALTER COLUMN confirmed_at SET NOT NULL;
