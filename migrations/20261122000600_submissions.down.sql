ALTER TABLE tournaments DROP COLUMN champion_id;
DROP TABLE submissions;
