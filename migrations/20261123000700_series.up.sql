-- A tournament that recurs on a calendar. `next_at` is when the next one is due; null, if the
-- calendar has no further date. `last_number` is that of the last one
-- that was started: a name that is taken is left out.
CREATE TABLE series (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    rules        jsonb       NOT NULL,
    calendar     text        NOT NULL, -- a cron expression of five fields, in UTC
    open_seconds bigint      NOT NULL CHECK (open_seconds > 0),
    next_at      timestamptz,
    last_number  integer     NOT NULL DEFAULT 0 CHECK (last_number >= 0),
    created_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    CONSTRAINT series_name_key UNIQUE (name)
);

-- Number 0 is the task whose title is played for.
CREATE TABLE series_tasks (
    series_id uuid    NOT NULL REFERENCES series,
    number    integer NOT NULL CHECK (number >= 0),
    task_id   uuid    NOT NULL REFERENCES tasks,
    PRIMARY KEY (series_id, number),
    CONSTRAINT series_tasks_once UNIQUE (series_id, task_id)
);

-- Whose tournament it is, if any series', and when submissions end by themselves.
ALTER TABLE tournaments ADD COLUMN series_id uuid REFERENCES series;
ALTER TABLE tournaments ADD COLUMN series_number integer CHECK (series_number > 0);
ALTER TABLE tournaments ADD COLUMN closes_at timestamptz;
ALTER TABLE tournaments ADD CONSTRAINT tournaments_of_series
    CHECK ((series_id IS NULL) = (series_number IS NULL));
ALTER TABLE tournaments ADD CONSTRAINT tournaments_series_number_key
    UNIQUE (series_id, series_number);
CREATE INDEX tournaments_closing ON tournaments (closes_at) WHERE state = 'open';
