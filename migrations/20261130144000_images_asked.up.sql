-- When a runner last asked for images. One that did so since it introduced itself takes them;
-- started again without an engine, it does not any more.
ALTER TABLE runners ADD COLUMN images_asked_at timestamptz;
