CREATE OR REPLACE FUNCTION own_method_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO method_names (name, account_id)
    SELECT NEW.name, tokens.account_id FROM tokens WHERE tokens.id = NEW.token_id
    ON CONFLICT (name) DO NOTHING;
    RETURN NULL;
END;
$$;
DROP TRIGGER series_stay_private ON series;
DROP TRIGGER tournaments_stay_private ON tournaments;
DROP TABLE tournament_members;
ALTER TABLE series DROP COLUMN private;
ALTER TABLE tasks DROP COLUMN private;
ALTER TABLE tournaments DROP COLUMN private;
