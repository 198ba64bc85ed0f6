-- What an operator may do to a tournament that is played: pause it, and put a method out.
-- The defending champion is a submission like any other, but not of the field.
ALTER TABLE tournaments ADD COLUMN paused_because text;
ALTER TABLE submissions ADD COLUMN disqualified_because text;
ALTER TABLE submissions ADD COLUMN role text NOT NULL DEFAULT 'challenger'
    CHECK (role IN ('challenger', 'defender'));
CREATE UNIQUE INDEX submissions_one_defender ON submissions (tournament_id)
    WHERE role = 'defender';
