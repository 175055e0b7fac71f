-- More of what is set in an organization. The defaults are what organizations begin with, which all that are there have.
ALTER TABLE organizations ADD COLUMN default_token_months integer NOT NULL DEFAULT 6;
ALTER TABLE organizations ADD COLUMN maximum_access_token_seconds integer;
ALTER TABLE organizations ADD COLUMN default_access_token_seconds integer NOT NULL DEFAULT 3600;
ALTER TABLE organizations ADD COLUMN sign_in_codes_required boolean NOT NULL DEFAULT false;

-- The few clients that are API keys, among many.
CREATE INDEX clients_api_keys ON clients (org_id) WHERE NOT deleted AND settings @> '{"api_access": true}';
