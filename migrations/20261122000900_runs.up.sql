-- One method on one block. `attempt` is the fencing token: it only rises, and
-- every write of a runner repeats it.
CREATE TABLE runs (
    id               uuid        PRIMARY KEY,
    tournament_id    uuid        NOT NULL REFERENCES tournaments,
    round_id         uuid        NOT NULL REFERENCES rounds,
    block_id         uuid        NOT NULL REFERENCES blocks,
    submission_id    uuid        NOT NULL REFERENCES submissions,
    state            text        NOT NULL DEFAULT 'queued'
                                 CHECK (state IN ('queued', 'leased', 'done', 'stuck')),
    attempt          integer     NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    attempts_allowed integer     NOT NULL CHECK (attempts_allowed > 0),
    runner_id        uuid        REFERENCES runners, -- holder of the lease; otherwise the last one
    lease_until      timestamptz,
    not_before       timestamptz NOT NULL DEFAULT now(), -- a pause after a lost attempt
    progress         double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    beats            bigint      NOT NULL DEFAULT 0, -- counts changes that write no event
    stuck_because    text,
    CONSTRAINT runs_submission_block_key UNIQUE (submission_id, block_id),
    CONSTRAINT runs_leased CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CONSTRAINT runs_holder CHECK (state <> 'leased' OR runner_id IS NOT NULL),
    CONSTRAINT runs_stuck  CHECK ((state = 'stuck') = (stuck_because IS NOT NULL))
);

CREATE INDEX runs_queued ON runs (id) WHERE state = 'queued';
CREATE INDEX runs_leased_until ON runs (lease_until) WHERE state = 'leased';
CREATE INDEX runs_by_round ON runs (round_id);
CREATE INDEX runs_by_tournament ON runs (tournament_id);

-- One execution of a run.
CREATE TABLE attempts (
    run_id    uuid        NOT NULL REFERENCES runs,
    attempt   integer     NOT NULL CHECK (attempt > 0),
    runner_id uuid        NOT NULL REFERENCES runners,
    state     text        NOT NULL DEFAULT 'leased'
                          CHECK (state IN ('leased', 'reported', 'faulted', 'expired')),
    reason    text,
    leased_at timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz,
    PRIMARY KEY (run_id, attempt),
    CONSTRAINT attempts_ended CHECK ((state = 'leased') = (ended_at IS NULL))
);
