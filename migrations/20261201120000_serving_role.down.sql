DROP TRIGGER accounts_stay ON accounts;
DROP TRIGGER accounts_are_records ON accounts;
DROP TRIGGER probes_are_records ON probes;
DROP TRIGGER runs_stay ON runs;
DROP TRIGGER runs_are_records ON runs;
DROP TRIGGER tournament_tasks_are_records ON tournament_tasks;
DROP TRIGGER tournaments_stay ON tournaments;
DROP TRIGGER tournaments_are_records ON tournaments;
DROP FUNCTION lock_account(uuid);
DROP FUNCTION lock_task(uuid);
ALTER FUNCTION append_events(text, text[], text[]) SECURITY INVOKER RESET search_path;
GRANT EXECUTE ON FUNCTION append_events(text, text[], text[]),
    refuse_change(), refuse_shorter_chain(), set_lane(), add_share(), account_of_a_token(),
    own_method_name() TO PUBLIC;
