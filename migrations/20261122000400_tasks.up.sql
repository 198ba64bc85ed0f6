-- A task does not change once it is there: results under one name stay
-- comparable. The digests name blobs.
CREATE TABLE tasks (
    id            uuid        PRIMARY KEY,
    name          text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    title         text        NOT NULL,
    description   text        NOT NULL,
    licence       text        NOT NULL,
    info          jsonb       NOT NULL, -- what a method is told
    budget        jsonb       NOT NULL, -- what one run may use
    train         text        NOT NULL CHECK (train ~ '^[0-9a-f]{64}$'),
    hidden_inputs text        NOT NULL CHECK (hidden_inputs ~ '^[0-9a-f]{64}$'),
    hidden_labels text        NOT NULL CHECK (hidden_labels ~ '^[0-9a-f]{64}$'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tasks_name_key UNIQUE (name)
);
