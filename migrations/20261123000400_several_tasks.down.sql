ALTER TABLE results DROP COLUMN to_target;
ALTER TABLE blocks DROP COLUMN task;
DROP TABLE tournament_tasks;
