-- The accepted result of a run: at most one, for ever. `report_digest` tells
-- the same report sent again from a different one.
CREATE TABLE results (
    run_id        uuid        PRIMARY KEY,
    attempt       integer     NOT NULL,
    verdict       text        NOT NULL CHECK (verdict IN ('completed', 'budget_exceeded',
                                  'memory_exceeded', 'method_failed', 'invalid_predictions')),
    score         double precision CHECK (score BETWEEN 0 AND 1),
    model         text        CHECK (model ~ '^[0-9a-f]{64}$'), -- a blob
    predictions   text        CHECK (predictions ~ '^[0-9a-f]{64}$'), -- not kept
    detail        text,
    train         jsonb       NOT NULL, -- meter readings
    predict       jsonb       NOT NULL,
    report_digest text        NOT NULL CHECK (report_digest ~ '^[0-9a-f]{64}$'),
    accepted_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts,
    CONSTRAINT results_scored CHECK ((verdict = 'completed') = (score IS NOT NULL))
);

CREATE TRIGGER results_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON results
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
