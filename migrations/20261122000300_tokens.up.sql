-- Bearer tokens. A token is 256 random bits, so a plain SHA-256 of it is enough;
-- the token itself is not stored.
CREATE TABLE tokens (
    id         uuid        PRIMARY KEY,
    scope      text        NOT NULL CHECK (scope IN ('admin', 'miner', 'runner')),
    digest     text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    note       text        NOT NULL DEFAULT '' CHECK (length(note) <= 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT tokens_digest_key UNIQUE (digest)
);
