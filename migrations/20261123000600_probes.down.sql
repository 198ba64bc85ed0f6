ALTER TABLE results DROP CONSTRAINT results_verdict_check;
ALTER TABLE results ADD CONSTRAINT results_verdict_check
    CHECK (verdict IN ('completed', 'budget_exceeded', 'memory_exceeded', 'method_failed',
                       'invalid_predictions'));
ALTER TABLE results DROP CONSTRAINT results_probed;
ALTER TABLE results DROP COLUMN probe;
ALTER TABLE attempts DROP COLUMN stop;
DROP TABLE probes;
