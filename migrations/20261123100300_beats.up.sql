-- Counts the changes of a tournament that write no event. In a few rows for each
-- tournament, so that runners do not wait for each other's heartbeats, and the sum is
-- over these few rather than over all runs (`runs.beats` stays, for each run alone).
CREATE TABLE beats (
    tournament_id uuid     NOT NULL REFERENCES tournaments,
    shard         smallint NOT NULL CHECK (shard BETWEEN 0 AND 7),
    count         bigint   NOT NULL CHECK (count > 0),
    PRIMARY KEY (tournament_id, shard)
) WITH (fillfactor = 50);
INSERT INTO beats (tournament_id, shard, count)
SELECT tournament_id, 0, sum(beats) FROM runs GROUP BY tournament_id HAVING sum(beats) > 0;
