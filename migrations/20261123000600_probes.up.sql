-- Scores of a run's checkpoints on a public slice while it trains. By them, and by results
-- that are final, a run that can no longer matter is stopped; `attempts.stop` says why.
CREATE TABLE probes (
    run_id     uuid             NOT NULL,
    attempt    integer          NOT NULL,
    sixteenths integer          NOT NULL CHECK (sixteenths BETWEEN 1 AND 16), -- of the budget
    work       bigint           NOT NULL CHECK (work >= 0),
    score      double precision NOT NULL CHECK (score > '-Infinity' AND score < 'Infinity'),
    PRIMARY KEY (run_id, attempt, sixteenths),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts
);
ALTER TABLE attempts ADD COLUMN stop text;
-- A stopped run has no score; what it was stopped at is its last probe's.
ALTER TABLE results ADD COLUMN probe double precision
    CHECK (probe > '-Infinity' AND probe < 'Infinity');
ALTER TABLE results ADD CONSTRAINT results_probed
    CHECK ((verdict = 'stopped') = (probe IS NOT NULL));
ALTER TABLE results DROP CONSTRAINT results_verdict_check;
ALTER TABLE results ADD CONSTRAINT results_verdict_check
    CHECK (verdict IN ('completed', 'budget_exceeded', 'memory_exceeded', 'method_failed',
                       'invalid_predictions', 'stopped'));
