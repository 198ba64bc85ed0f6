-- What a runner's token has put into the blob store. A runner may name as a result only what it
-- had in its hands itself: a digest it has heard of does not do. A row is needed until the report
-- is in; those from long ago go with later uploads.
CREATE TABLE uploads (
    token_id    uuid        NOT NULL REFERENCES tokens,
    digest      text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'), -- a blob
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, digest)
);
CREATE INDEX uploads_by_time ON uploads (uploaded_at);

