-- What is decided stays, whoever writes to the database: besides events, results and the archive
-- also what these speak of. Where serving and migrating are different roles, the one that serves
-- cannot drop the triggers either.

-- A chain grows. (Its events cannot go; without this, its end could be forgotten.)
CREATE FUNCTION refuse_shorter_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name <> OLD.name OR NEW.length < OLD.length
       OR (NEW.length = OLD.length AND NEW.head <> OLD.head) THEN
        RAISE EXCEPTION 'the chain % is a record: it only grows', OLD.name;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER chains_only_grow BEFORE UPDATE ON chains
    FOR EACH ROW EXECUTE FUNCTION refuse_shorter_chain();
CREATE TRIGGER chains_stay BEFORE DELETE OR TRUNCATE ON chains
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Results under one name stay comparable.
CREATE TRIGGER tasks_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON tasks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A submission is one immutable version of a method; that it is put out is the tournament's.
CREATE TRIGGER submissions_are_records
    BEFORE UPDATE OF id, tournament_id, name, digest, bytes, lane, token_id, role ON submissions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER submissions_stay BEFORE DELETE OR TRUNCATE ON submissions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was run on which data.
CREATE TRIGGER blocks_are_records BEFORE UPDATE OF id, round_id, index, seed ON blocks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blocks_stay BEFORE DELETE OR TRUNCATE ON blocks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A decision is made once, an attempt ends once. (Whether its run is charged for it, and that
-- alone, may be decided later, when more is known of the runner.)
CREATE TRIGGER rounds_are_records BEFORE UPDATE ON rounds
    FOR EACH ROW WHEN (OLD.decision IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rounds_stay BEFORE DELETE OR TRUNCATE ON rounds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_are_records
    BEFORE UPDATE OF run_id, attempt, runner_id, state, reason, leased_at, ended_at, stop ON attempts
    FOR EACH ROW WHEN (OLD.state <> 'leased') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_stay BEFORE DELETE OR TRUNCATE ON attempts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whose a method's name is.
CREATE TRIGGER method_names_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON method_names
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
