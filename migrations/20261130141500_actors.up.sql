-- Which account did what is an event. It stands beside the event and not in it, so chains and the
-- audits of older records are what they were; the row is a record all the same. A transaction
-- says who acts by a setting of its own; nobody does, where the platform acts by itself.
ALTER TABLE events ADD COLUMN actor text;

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
