-- A fine-tuning task carries weights to start from: a blob, by digest.
ALTER TABLE tasks ADD COLUMN base text CHECK (base ~ '^[0-9a-f]{64}$');
