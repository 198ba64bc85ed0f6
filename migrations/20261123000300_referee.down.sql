DROP INDEX submissions_one_defender;
ALTER TABLE submissions DROP COLUMN role;
ALTER TABLE submissions DROP COLUMN disqualified_because;
ALTER TABLE tournaments DROP COLUMN paused_because;
