-- A tournament may have several tasks, over which its blocks are dealt in turn. Number 0 is
-- the one in its own row.
CREATE TABLE tournament_tasks (
    tournament_id uuid    NOT NULL REFERENCES tournaments,
    number        integer NOT NULL CHECK (number >= 0),
    task_id       uuid    NOT NULL REFERENCES tasks,
    PRIMARY KEY (tournament_id, number),
    CONSTRAINT tournament_tasks_once UNIQUE (tournament_id, task_id)
);
INSERT INTO tournament_tasks (tournament_id, number, task_id)
    SELECT id, 0, task_id FROM tournaments;
ALTER TABLE blocks ADD COLUMN task integer NOT NULL DEFAULT 0 CHECK (task >= 0);
-- Work until the task's target was reached, where a target is asked for.
ALTER TABLE results ADD COLUMN to_target double precision CHECK (to_target >= 0);
