-- What the list of third parties is sorted and searched by, so that it isn't made anew for each row at each look. The
-- columns follow those that they are made of.
ALTER TABLE third_parties
    ADD COLUMN name_key text GENERATED ALWAYS AS (lower(name)) STORED,
    ADD COLUMN search_key text GENERATED ALWAYS AS
        (lower(name || E'\n' || coalesce(contact_name, '') || E'\n' || coalesce(contact_email, ''))) STORED;
-- The order of whoever opens the list, and of what is searched for. Of names of 120 characters and addresses of 254 bytes,
-- which are the longest, an entry has 1,700 bytes of the 2,700 that it may have.
CREATE INDEX third_parties_by_name ON third_parties (org_id, name_key, third_party_id) INCLUDE (search_key)
    WHERE NOT deleted;
-- How long the tokens of their clients live by default.
CREATE INDEX third_parties_in_automatic_mode ON third_parties (org_id, third_party_id) WHERE mode = 'automatic';
-- The next expiry of each, by the index alone.
CREATE INDEX live_tokens_of_third_party ON tokens (org_id, third_party_id, expires_at)
    WHERE status = 'active' AND (kind = 'manual' OR expires_at IS NULL);
-- Orders by expiry and use look at the tokens of all third parties, so here as well the setting is read once a statement
-- rather than once a row. Looking up a single token takes as long as before.
ALTER POLICY tenant ON tokens
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
ALTER POLICY tenant ON token_usage
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
