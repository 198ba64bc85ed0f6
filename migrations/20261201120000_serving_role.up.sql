-- What the role that serves needs where it may not write itself, and triggers on what was still
-- without one. What that role may do, table by table, is in grants.sql.

-- A chain is written by nothing but this, whoever asks: as the owner of the tables, and with
-- names that lead where they led when this was made.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION append_events(text, text[], text[])
                    SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp', current_schema());
END;
$$;

-- Locking a row takes the right to change it. These lock rows that nobody changes: until the
-- transaction ends, others that ask for the same lock wait.
CREATE FUNCTION lock_task(task uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tasks WHERE tasks.id = task FOR NO KEY UPDATE;
END;
$$;
CREATE FUNCTION lock_account(account uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM accounts WHERE accounts.id = account FOR NO KEY UPDATE;
END;
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION lock_task(uuid)
                    SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION lock_account(uuid)
                    SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp', current_schema());
END;
$$;

-- Functions are everybody's unless somebody says otherwise.
REVOKE EXECUTE ON FUNCTION append_events(text, text[], text[]), lock_task(uuid), lock_account(uuid),
    refuse_change(), refuse_shorter_chain(), set_lane(), add_share(), account_of_a_token(),
    own_method_name() FROM PUBLIC;

-- What is played for, by which rules, on what.
CREATE TRIGGER tournaments_are_records
    BEFORE UPDATE OF id, name, task_id, rules, nonce, created_at ON tournaments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tournaments_stay BEFORE DELETE OR TRUNCATE ON tournaments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tournament_tasks_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON tournament_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Which method was run on which block, and what its checkpoints were worth.
CREATE TRIGGER runs_are_records
    BEFORE UPDATE OF id, tournament_id, round_id, block_id, submission_id, lane ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER runs_stay BEFORE DELETE OR TRUNCATE ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER probes_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON probes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who somebody is.
CREATE TRIGGER accounts_are_records BEFORE UPDATE OF id, name, role, created_at ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER accounts_stay BEFORE DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
