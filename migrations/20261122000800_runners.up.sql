-- A runner is its token and its name: one that starts again keeps its id.
CREATE TABLE runners (
    id            uuid        PRIMARY KEY,
    token_id      uuid        NOT NULL REFERENCES tokens,
    name          text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    class         text        NOT NULL,
    version       text        NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT runners_name_key UNIQUE (token_id, name)
);
