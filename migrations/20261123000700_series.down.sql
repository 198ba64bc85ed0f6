DROP INDEX tournaments_closing;
ALTER TABLE tournaments DROP CONSTRAINT tournaments_series_number_key;
ALTER TABLE tournaments DROP CONSTRAINT tournaments_of_series;
ALTER TABLE tournaments DROP COLUMN closes_at;
ALTER TABLE tournaments DROP COLUMN series_number;
ALTER TABLE tournaments DROP COLUMN series_id;
DROP TABLE series_tasks;
DROP TABLE series;
