-- What the role that serves may do: this list, and nothing else. It is carried out after every
-- migration, for each role that serves (named by the setting gauntlet.serving_role), so a table
-- that is made later needs a line here; a test asks for it.
--
-- A record tells what happened: a trigger refuses to change it, whoever tries, and the role that
-- serves has no right to. A working table holds what is under way or can be made again. What may
-- be changed at all is named by column.
DO $grants$
DECLARE
    serving CONSTANT text := current_setting('gauntlet.serving_role');
    entry text[];
BEGIN
    -- One at a time: the server refuses to change the rights on a table from two sides at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('gauntlet grants', 0));
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), serving);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), serving);
    FOREACH entry SLICE 1 IN ARRAY ARRAY[
        ['_sqlx_migrations',    'working', 'SELECT'],
        ['accounts',            'record',  'SELECT, INSERT'],
        ['archive',             'record',  'SELECT, INSERT'],
        ['archive_aliases',     'working', 'SELECT, INSERT, UPDATE (archive_id, since), DELETE'],
        ['archive_cards',       'working', 'SELECT, INSERT, UPDATE (card, since)'],
        ['archive_withdrawals', 'working', 'SELECT, INSERT, UPDATE (because, disqualified), DELETE'],
        ['attempts',            'record',  'SELECT, INSERT, UPDATE (state, reason, ended_at, stop, forgiven)'],
        ['beats',               'working', 'SELECT, INSERT, UPDATE (count)'],
        ['blocks',              'record',  'SELECT, INSERT, UPDATE (voided)'],
        ['chains',              'record',  'SELECT, INSERT (name)'],
        ['contributions',       'working', 'SELECT, INSERT, UPDATE (contribution, record_length)'],
        ['curve_points',        'working', 'SELECT, INSERT, DELETE'],
        ['events',              'record',  'SELECT'],
        ['idempotency_keys',    'working', 'SELECT, INSERT, UPDATE (request, begun_at, status, answer), DELETE'],
        ['lease_watch',         'working', 'SELECT, UPDATE (looked_at, forgiven_until)'],
        ['method_names',        'record',  'SELECT, INSERT'],
        ['organiser_shares',    'working', 'SELECT, INSERT, UPDATE (virtual_time, started, clock)'],
        ['probes',              'record',  'SELECT, INSERT'],
        ['results',             'record',  'SELECT, INSERT'],
        ['round_gaps',          'working', 'SELECT, INSERT, UPDATE (count, seconds)'],
        ['rounds',              'record',  'SELECT, INSERT, UPDATE (heats, decision, decided_at)'],
        ['runners',             'working', 'SELECT, INSERT, UPDATE (class, version, registered_at, last_seen_at, faults, faulted_methods, faulted_runs, last_fault, last_lost_at, times_set_aside, set_aside_until, set_aside_because, images_asked_at)'],
        ['runs',                'record',  'SELECT, INSERT, UPDATE (state, attempt, attempts_allowed, runner_id, lease_until, lease_ends, not_before, progress, beats, stuck_because)'],
        ['series',              'working', 'SELECT, INSERT, UPDATE (last_number, next_at, ended_at)'],
        ['series_tasks',        'working', 'SELECT, INSERT'],
        ['site',                'working', 'SELECT'],
        ['submissions',         'record',  'SELECT, INSERT, UPDATE (disqualified_because, set_aside)'],
        ['tasks',               'record',  'SELECT, INSERT'],
        ['tokens',              'working', 'SELECT, INSERT, UPDATE (digest, last_used_at, revoked_at)'],
        ['tournament_members',  'working', 'SELECT, INSERT, DELETE'],
        ['tournament_shares',   'working', 'SELECT, INSERT, UPDATE (organiser, priority, weight, virtual_time)'],
        ['tournament_tasks',    'record',  'SELECT, INSERT'],
        ['tournaments',         'record',  'SELECT, INSERT, UPDATE (state, seed, champion_id, cancelled_because, paused_because, opened_at, closed_at, ended_at, closes_at, series_id, series_number)'],
        ['uploads',             'working', 'SELECT, INSERT, UPDATE (uploaded_at), DELETE']
    ] LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', entry[1], serving);
        EXECUTE format('GRANT %s ON %I TO %I', entry[3], entry[1], serving);
    END LOOP;
    -- The functions that write, or lock, for a role that may not.
    EXECUTE format('GRANT EXECUTE ON FUNCTION append_events(text, text[], text[]), lock_task(uuid),
                    lock_account(uuid) TO %I', serving);
END;
$grants$;
