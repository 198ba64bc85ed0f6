ALTER TABLE runners DROP COLUMN images_asked_at;
