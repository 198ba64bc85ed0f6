-- How long tournaments stood between their rounds: counts under bounds, for all tournaments together,
-- so that what is asked for every few seconds looks at no run, and a restart begins nothing anew.
CREATE TABLE round_gaps (
    until   text             NOT NULL CHECK (until IN ('lease', 'end')),
    le      double precision NOT NULL CHECK (le > 0), -- seconds; 'Infinity' for what is longer than all bounds
    count   bigint           NOT NULL CHECK (count > 0),
    seconds double precision NOT NULL CHECK (seconds >= 0), -- their sum
    PRIMARY KEY (until, le)
);
