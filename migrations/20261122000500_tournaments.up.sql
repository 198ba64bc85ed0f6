CREATE TABLE tournaments (
    id                uuid        PRIMARY KEY,
    name              text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    task_id           uuid        NOT NULL REFERENCES tasks,
    rules             jsonb       NOT NULL,
    state             text        NOT NULL DEFAULT 'draft'
                                  CHECK (state IN ('draft', 'open', 'closed', 'completed', 'cancelled')),
    nonce             text        NOT NULL CHECK (nonce ~ '^[0-9a-f]{64}$'), -- secret until closing
    seed              text        CHECK (seed ~ '^[0-9a-f]{64}$'),
    cancelled_because text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    opened_at         timestamptz,
    closed_at         timestamptz,
    ended_at          timestamptz,
    CONSTRAINT tournaments_name_key UNIQUE (name),
    CONSTRAINT tournaments_sealed CHECK (state NOT IN ('closed', 'completed') OR seed IS NOT NULL),
    CONSTRAINT tournaments_ended  CHECK ((state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL))
);

-- The scheduler looks for tournaments with rounds to play.
CREATE INDEX tournaments_closed ON tournaments (id) WHERE state = 'closed';
