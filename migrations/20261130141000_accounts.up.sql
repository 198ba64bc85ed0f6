-- Who somebody is, however many tokens they have and however often one is replaced. What counts
-- for a person hangs on the account: how much may be handed in, whose a tournament is, whose the
-- name of a method is.
CREATE TABLE accounts (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    role       text        NOT NULL
                           CHECK (role IN ('admin', 'organiser', 'submitter', 'runner', 'reader')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_name_key UNIQUE (name)
);

ALTER TABLE tokens ADD COLUMN account_id uuid REFERENCES accounts;
ALTER TABLE tokens ADD COLUMN expires_at timestamptz;   -- good for ever, if there is none
ALTER TABLE tokens ADD COLUMN last_used_at timestamptz; -- to the minute
ALTER TABLE tokens DROP CONSTRAINT tokens_scope_check;
ALTER TABLE tokens ADD CONSTRAINT tokens_scope_check
    CHECK (scope IN ('admin', 'organiser', 'miner', 'runner', 'reader'));

-- A token from before there were accounts, or of a release that knows none, has an account of
-- its own with the same id: so what was noted of the token (tournament_shares.organiser,
-- series.organiser) is the account's as it stands.
CREATE FUNCTION account_of_a_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.account_id IS NULL THEN
        INSERT INTO accounts (id, name, role)
        VALUES (NEW.id, NEW.scope || '-' || NEW.id,
                CASE NEW.scope WHEN 'miner' THEN 'submitter' ELSE NEW.scope END);
        NEW.account_id := NEW.id;
    END IF;
    RETURN NEW;
END;
$$;
INSERT INTO accounts (id, name, role, created_at)
SELECT id, scope || '-' || id, CASE scope WHEN 'miner' THEN 'submitter' ELSE scope END, created_at
FROM tokens;
UPDATE tokens SET account_id = id;
ALTER TABLE tokens ALTER COLUMN account_id SET NOT NULL;
CREATE TRIGGER tokens_account BEFORE INSERT ON tokens
    FOR EACH ROW EXECUTE FUNCTION account_of_a_token();
CREATE INDEX tokens_of_an_account ON tokens (account_id);

-- Whose the name of a method is: the first account's that entered one under it. A trigger, because
-- a release that knows no accounts enters methods too.
CREATE TABLE method_names (
    name       text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts
);
INSERT INTO method_names (name, account_id)
SELECT DISTINCT ON (submissions.name) submissions.name, tokens.account_id
FROM submissions JOIN tokens ON tokens.id = submissions.token_id
WHERE submissions.role = 'challenger'
ORDER BY submissions.name, submissions.submitted_at, submissions.id;
CREATE FUNCTION own_method_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO method_names (name, account_id)
    SELECT NEW.name, tokens.account_id FROM tokens WHERE tokens.id = NEW.token_id
    ON CONFLICT (name) DO NOTHING;
    RETURN NULL;
END;
$$;
CREATE TRIGGER submissions_name AFTER INSERT ON submissions
    FOR EACH ROW WHEN (NEW.role = 'challenger') EXECUTE FUNCTION own_method_name();
