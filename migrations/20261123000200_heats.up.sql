-- A round may be played in heats: entrants that meet on blocks of their own. Without heats
-- everybody runs every block. A voided block does not count, and runs on it that had no
-- result are void, as are those of a disqualified method.
ALTER TABLE rounds ADD COLUMN heats jsonb;
ALTER TABLE blocks ADD COLUMN voided boolean NOT NULL DEFAULT false;
-- A block may be one of an earlier round once more, for methods that enter it late.
ALTER TABLE blocks ADD COLUMN again_round integer CHECK (again_round > 0);
ALTER TABLE blocks ADD COLUMN again_index integer CHECK (again_index > 0);
ALTER TABLE blocks ADD CONSTRAINT blocks_again
    CHECK ((again_round IS NULL) = (again_index IS NULL));
ALTER TABLE runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('queued', 'leased', 'done', 'stuck', 'void'));
ALTER TABLE attempts DROP CONSTRAINT attempts_state_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_state_check
    CHECK (state IN ('leased', 'reported', 'faulted', 'expired', 'voided'));
