-- A score to be reached, for tournaments that compare the work until then.
ALTER TABLE tasks ADD COLUMN target double precision
    CHECK (target > '-Infinity' AND target < 'Infinity');
