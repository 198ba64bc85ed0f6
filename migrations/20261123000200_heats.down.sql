UPDATE attempts SET state = 'expired' WHERE state = 'voided';
ALTER TABLE attempts DROP CONSTRAINT attempts_state_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_state_check
    CHECK (state IN ('leased', 'reported', 'faulted', 'expired'));
UPDATE runs SET state = 'stuck', stuck_because = 'void' WHERE state = 'void';
ALTER TABLE runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('queued', 'leased', 'done', 'stuck'));
ALTER TABLE blocks DROP COLUMN again_index;
ALTER TABLE blocks DROP COLUMN again_round;
ALTER TABLE blocks DROP COLUMN voided;
ALTER TABLE rounds DROP COLUMN heats;
