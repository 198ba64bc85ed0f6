-- One hash chain for each tournament (named by its id) and one called
-- `platform`. Its row is locked while an event is appended, so the numbers of
-- a chain have no gaps and follow the order of commits.
CREATE TABLE chains (
    name   text PRIMARY KEY,
    length bigint NOT NULL DEFAULT 0 CHECK (length >= 0),
    head   text   NOT NULL DEFAULT repeat('0', 64) CHECK (head ~ '^[0-9a-f]{64}$')
);

-- Each state change writes its event in the same transaction. The body is the
-- exact text that was hashed, hence text and not jsonb, which rewrites numbers.
CREATE TABLE events (
    chain    text        NOT NULL REFERENCES chains,
    seq      bigint      NOT NULL CHECK (seq > 0),
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,
    body     text        NOT NULL,
    previous text        NOT NULL CHECK (previous ~ '^[0-9a-f]{64}$'),
    digest   text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (chain, seq)
);

CREATE TRIGGER events_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO chains (name) VALUES ('platform');
