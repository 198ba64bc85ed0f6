DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (tournament_id, lane, id) WHERE state = 'queued';
ALTER TABLE runs DROP COLUMN queue_order;
