-- A block may be run with half the task's budget: how a race opens.
ALTER TABLE blocks ADD COLUMN half boolean NOT NULL DEFAULT false;
