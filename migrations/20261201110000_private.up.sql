-- A private tournament is there for its members, who are accounts, and for admins. To everybody
-- else it does not exist. Its organiser is a member from the start.
ALTER TABLE tournaments ADD COLUMN private boolean NOT NULL DEFAULT false;
-- A private task is there for admins and for the members of the tournaments that are played on
-- it, all of which are private.
ALTER TABLE tasks ADD COLUMN private boolean NOT NULL DEFAULT false;

-- The tournaments of a private series are private, and have the members of the one before.
ALTER TABLE series ADD COLUMN private boolean NOT NULL DEFAULT false;

CREATE TABLE tournament_members (
    tournament_id uuid        NOT NULL REFERENCES tournaments,
    account_id    uuid        NOT NULL REFERENCES accounts,
    since         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tournament_id, account_id)
);
CREATE INDEX tournament_members_of_an_account ON tournament_members (account_id);

-- What was shown to nobody is not shown by an update in passing, nor is a public one hidden.
CREATE TRIGGER tournaments_stay_private BEFORE UPDATE OF private ON tournaments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER series_stay_private BEFORE UPDATE OF private ON series
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whose a method's name is counts everywhere, so who is refused one learns that there is a method
-- of that name. Private tournaments give none away.
CREATE OR REPLACE FUNCTION own_method_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO method_names (name, account_id)
    SELECT NEW.name, tokens.account_id FROM tokens
    JOIN tournaments ON tournaments.id = NEW.tournament_id
    WHERE tokens.id = NEW.token_id AND NOT tournaments.private
    ON CONFLICT (name) DO NOTHING;
    RETURN NULL;
END;
$$;
