ALTER TABLE attempts DROP COLUMN forgiven;
DROP INDEX runners_set_aside_index;
ALTER TABLE runners
    DROP CONSTRAINT runners_set_aside,
    DROP COLUMN set_aside_because,
    DROP COLUMN set_aside_until,
    DROP COLUMN times_set_aside,
    DROP COLUMN last_lost_at,
    DROP COLUMN last_fault,
    DROP COLUMN faulted_runs,
    DROP COLUMN faulted_methods,
    DROP COLUMN faults;
