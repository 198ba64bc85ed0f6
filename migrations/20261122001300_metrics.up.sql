-- What a task measures, and which way is better. A task from before this was a
-- classification, scored by accuracy. Scores of other tasks need not lie between
-- 0 and 1, but they are numbers.
ALTER TABLE tasks ADD COLUMN metric jsonb NOT NULL
    DEFAULT '{"name": "accuracy", "better": "higher", "best": 1.0, "miss": 0.0}';
ALTER TABLE results DROP CONSTRAINT results_score_check;
ALTER TABLE results ADD CONSTRAINT results_score_check
    CHECK (score > '-Infinity' AND score < 'Infinity');
