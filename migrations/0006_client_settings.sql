-- What a client may do, as one value, of which its scopes are a part. The expression is what a client begins with, which
-- all that are there have.
ALTER TABLE clients ALTER COLUMN scopes TYPE jsonb USING jsonb_build_object(
    'scopes', to_jsonb(string_to_array(scopes, ' ')),
    'grant_types', CASE client_type
        WHEN 'public' THEN '["authorization_code", "refresh_token"]'::jsonb
        ELSE '["authorization_code", "client_credentials", "refresh_token"]'::jsonb
    END,
    'pkce_required', true,
    'access_token_lifetime', NULL,
    'may_introspect', false
);
ALTER TABLE clients RENAME COLUMN scopes TO settings;
