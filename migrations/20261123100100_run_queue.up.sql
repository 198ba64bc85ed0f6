-- Finding the next run must not cost more the more runs there are. The queue is ordered
-- within each tournament and lane, so that a tournament that is over, or a lane that
-- nobody executes, is never walked through.
ALTER TABLE runs ADD COLUMN lane text;
UPDATE runs SET lane = submissions.lane FROM submissions WHERE submissions.id = runs.submission_id;
ALTER TABLE runs ALTER COLUMN lane SET NOT NULL;

-- The lane is the submission's; whoever queues a run need not say it.
CREATE FUNCTION set_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT submissions.lane INTO NEW.lane FROM submissions WHERE submissions.id = NEW.submission_id;
    RETURN NEW;
END;
$$;
CREATE TRIGGER runs_lane BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION set_lane();

DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (tournament_id, lane, id) WHERE state = 'queued';

-- A heartbeat changes `lease_until`. While that was in an index, each heartbeat wrote an
-- entry into every index of the table. What is held is little: it can be looked through.
DROP INDEX runs_leased_until;
CREATE INDEX runs_held ON runs (tournament_id) WHERE state IN ('leased', 'stuck');

-- Each lease and each result writes an entry into every full index; one does for three.
ALTER TABLE runs DROP CONSTRAINT runs_submission_block_key;
ALTER TABLE runs ADD CONSTRAINT runs_submission_block_key UNIQUE (tournament_id, submission_id, block_id);
DROP INDEX runs_by_tournament;
DROP INDEX runs_by_round;
