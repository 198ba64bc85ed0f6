CREATE TABLE rounds (
    id            uuid        PRIMARY KEY,
    tournament_id uuid        NOT NULL REFERENCES tournaments,
    number        integer     NOT NULL CHECK (number > 0),
    entrants      uuid[]      NOT NULL, -- submissions, in the order the format gave
    decision      jsonb,      -- standings, kept, cut, evidence: once all results are in
    opened_at     timestamptz NOT NULL DEFAULT now(),
    decided_at    timestamptz,
    -- Two orchestrators cannot both open the next round.
    CONSTRAINT rounds_number_key UNIQUE (tournament_id, number),
    CONSTRAINT rounds_decided CHECK ((decision IS NULL) = (decided_at IS NULL))
);

-- What every entrant of a round is run on.
CREATE TABLE blocks (
    id       uuid    PRIMARY KEY,
    round_id uuid    NOT NULL REFERENCES rounds,
    index    integer NOT NULL CHECK (index > 0),
    seed     text    NOT NULL CHECK (seed ~ '^[0-9a-f]{16}$'),
    CONSTRAINT blocks_index_key UNIQUE (round_id, index)
);
