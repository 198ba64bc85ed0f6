ALTER TABLE submissions DROP COLUMN lane;
