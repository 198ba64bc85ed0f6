ALTER TABLE submissions DROP CONSTRAINT submissions_set_aside;
ALTER TABLE submissions DROP COLUMN set_aside;
