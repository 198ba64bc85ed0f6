ALTER TABLE results DROP CONSTRAINT results_score_check;
ALTER TABLE results ADD CONSTRAINT results_score_check CHECK (score BETWEEN 0 AND 1);
ALTER TABLE tasks DROP COLUMN metric;
