-- The champions, one for each tournament that has one.
CREATE TABLE archive (
    id            uuid        PRIMARY KEY,
    tournament_id uuid        NOT NULL REFERENCES tournaments,
    task_id       uuid        NOT NULL REFERENCES tasks,
    submission_id uuid        NOT NULL REFERENCES submissions,
    run_id        uuid        NOT NULL REFERENCES results, -- where the model comes from
    model         text        NOT NULL CHECK (model ~ '^[0-9a-f]{64}$'),
    score         double precision NOT NULL,
    blocks        integer     NOT NULL CHECK (blocks > 0),
    card          jsonb       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT archive_tournament_key UNIQUE (tournament_id)
);

CREATE TRIGGER archive_are_records BEFORE UPDATE OR DELETE OR TRUNCATE ON archive
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Names that move, such as `digits@champion`.
CREATE TABLE archive_aliases (
    alias      text        PRIMARY KEY,
    archive_id uuid        NOT NULL REFERENCES archive,
    since      timestamptz NOT NULL DEFAULT now()
);
