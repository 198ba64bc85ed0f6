DROP TRIGGER submissions_name ON submissions;
DROP FUNCTION own_method_name();
DROP TABLE method_names;
DROP TRIGGER tokens_account ON tokens;
DROP FUNCTION account_of_a_token();
DROP INDEX tokens_of_an_account;
-- What a release without these scopes must not take for something else.
UPDATE tokens SET scope = 'miner', revoked_at = coalesce(revoked_at, now())
WHERE scope IN ('organiser', 'reader');
ALTER TABLE tokens DROP CONSTRAINT tokens_scope_check;
ALTER TABLE tokens ADD CONSTRAINT tokens_scope_check CHECK (scope IN ('admin', 'miner', 'runner'));
ALTER TABLE tokens DROP COLUMN last_used_at;
-- Nor what has run out as good for ever.
UPDATE tokens SET revoked_at = coalesce(revoked_at, now()) WHERE expires_at IS NOT NULL;
ALTER TABLE tokens DROP COLUMN expires_at;
ALTER TABLE tokens DROP COLUMN account_id;
DROP TABLE accounts;
