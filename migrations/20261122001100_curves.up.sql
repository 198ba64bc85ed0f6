-- Numbers reported while a run trains, of its latest attempt. For people to
-- look at; nothing is decided by them.
CREATE TABLE curve_points (
    run_id uuid   NOT NULL REFERENCES runs,
    name   text   NOT NULL,
    step   bigint NOT NULL CHECK (step >= 0),
    value  double precision, -- null: not finite
    PRIMARY KEY (run_id, name, step)
);
