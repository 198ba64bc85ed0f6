-- A tournament may be judged anew after it ended: another champion of the same tournament.
ALTER TABLE archive DROP CONSTRAINT archive_tournament_key;
ALTER TABLE archive ADD CONSTRAINT archive_tournament_submission_key
    UNIQUE (tournament_id, submission_id);
