-- A request whose answer was lost is sent again, and must do nothing twice. Its sender gives it
-- a key; what was answered is kept for a day, without secrets. Without a status it is still
-- being carried out, or whoever did so has died.
CREATE TABLE idempotency_keys (
    account_id uuid        NOT NULL REFERENCES accounts,
    key        text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request    text        NOT NULL CHECK (request ~ '^[0-9a-f]{64}$'),
    begun_at   timestamptz NOT NULL DEFAULT now(),
    status     smallint    CHECK (status BETWEEN 200 AND 299),
    answer     bytea,
    PRIMARY KEY (account_id, key),
    CONSTRAINT idempotency_keys_answered CHECK ((status IS NULL) = (answer IS NULL))
);
CREATE INDEX idempotency_keys_begun_at ON idempotency_keys (begun_at);
