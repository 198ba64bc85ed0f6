-- The order of the queue is that of the ids, and stands in a column of its own: the table's own
-- index of ids could give that order too. Where most runs were queued when statistics were taken,
-- it looked as cheap as the queue's to the planner, and then a claim walked through all runs that
-- had ended since.
ALTER TABLE runs ADD COLUMN queue_order uuid NOT NULL GENERATED ALWAYS AS (id) STORED;
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (tournament_id, lane, queue_order) WHERE state = 'queued';
