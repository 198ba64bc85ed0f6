CREATE OR REPLACE FUNCTION append_events(chain_name text, kinds text[], bodies text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    tail     chains%ROWTYPE;
    at       timestamptz;
    previous text;
    actor    text := nullif(current_setting('gauntlet.actor', true), '');
BEGIN
    SELECT * INTO STRICT tail FROM chains WHERE name = chain_name FOR NO KEY UPDATE;
    FOR n IN 1 .. cardinality(bodies) LOOP
        at := clock_timestamp();
        previous := tail.head;
        tail.length := tail.length + 1;
        tail.head := encode(sha256(
            'gauntlet/event/v1'::bytea
            || decode(previous, 'hex')
            || int8send(octet_length(chain_name)) || convert_to(chain_name, 'UTF8')
            || int8send(tail.length)
            || int8send((extract(epoch FROM at) * 1000000)::bigint)
            || convert_to(bodies[n], 'UTF8')), 'hex');
        INSERT INTO events (chain, seq, at, kind, body, previous, digest, actor)
        VALUES (chain_name, tail.length, at, kinds[n], bodies[n], previous, tail.head, actor);
    END LOOP;
    UPDATE chains SET length = tail.length, head = tail.head WHERE name = chain_name;
    RETURN tail.length;
END;
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION append_events(text, text[], text[])
                    SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp', current_schema());
END;
$$;
ALTER TABLE chains
    DROP CONSTRAINT chains_head_check,
    ADD CONSTRAINT chains_head_check CHECK (head ~ '^[0-9a-f]{64}$');
ALTER TABLE events
    DROP CONSTRAINT events_previous_check,
    DROP CONSTRAINT events_digest_check,
    ADD CONSTRAINT events_previous_check CHECK (previous ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT events_digest_check CHECK (digest ~ '^[0-9a-f]{64}$');
ALTER TABLE results
    DROP CONSTRAINT results_model_check,
    DROP CONSTRAINT results_predictions_check,
    DROP CONSTRAINT results_report_digest_check,
    ADD CONSTRAINT results_model_check CHECK (model ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT results_predictions_check CHECK (predictions ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT results_report_digest_check CHECK (report_digest ~ '^[0-9a-f]{64}$');
