ALTER TABLE archive DROP CONSTRAINT archive_tournament_submission_key;
ALTER TABLE archive ADD CONSTRAINT archive_tournament_key UNIQUE (tournament_id);
