-- Whether a runner does its part, counted here so that several orchestrators agree. One whose
-- attempts fail in a row for reasons of the platform is set aside: it gets nothing until
-- `set_aside_until`, and one attempt at a time after that (probation), until one ends with a
-- result.
ALTER TABLE runners
    ADD COLUMN faults            integer NOT NULL DEFAULT 0 CHECK (faults >= 0), -- in a row, since its last result
    ADD COLUMN faulted_methods   uuid[]  NOT NULL DEFAULT '{}', -- whose runs those were
    ADD COLUMN faulted_runs      uuid[]  NOT NULL DEFAULT '{}', -- which of them cost a run an attempt
    ADD COLUMN last_fault        text,                          -- in the runner's words
    ADD COLUMN last_lost_at      timestamptz,                   -- when a lease of it last ran out
    ADD COLUMN times_set_aside   integer NOT NULL DEFAULT 0 CHECK (times_set_aside >= 0), -- in a row: the pause doubles
    ADD COLUMN set_aside_until   timestamptz,                   -- none: in good standing; past: on probation
    ADD COLUMN set_aside_because text,
    ADD CONSTRAINT runners_set_aside CHECK ((set_aside_until IS NULL) = (set_aside_because IS NULL));

-- Claims ask who is set aside; mostly nobody is.
CREATE INDEX runners_set_aside_index ON runners (id) WHERE set_aside_until IS NOT NULL;

-- A lost attempt that its run is not charged: the run is allowed another one in its place.
ALTER TABLE attempts ADD COLUMN forgiven boolean NOT NULL DEFAULT false;
