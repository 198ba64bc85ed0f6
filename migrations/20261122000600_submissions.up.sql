-- One immutable version of a method, in one tournament. The same module twice,
-- or the same name twice, is a conflict.
CREATE TABLE submissions (
    id            uuid        PRIMARY KEY,
    tournament_id uuid        NOT NULL REFERENCES tournaments,
    name          text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    digest        text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'), -- a blob: the module
    bytes         bigint      NOT NULL CHECK (bytes > 0),
    token_id      uuid        NOT NULL REFERENCES tokens, -- who handed it in
    submitted_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT submissions_name_key   UNIQUE (tournament_id, name),
    CONSTRAINT submissions_digest_key UNIQUE (tournament_id, digest)
);

ALTER TABLE tournaments ADD COLUMN champion_id uuid REFERENCES submissions;
