-- A method that the platform gave up is out like one that was disqualified, and for the reason
-- in the same column; but nobody found it at fault.
ALTER TABLE submissions ADD COLUMN set_aside boolean NOT NULL DEFAULT false;
ALTER TABLE submissions ADD CONSTRAINT submissions_set_aside
    CHECK (NOT set_aside OR disqualified_because IS NOT NULL);
