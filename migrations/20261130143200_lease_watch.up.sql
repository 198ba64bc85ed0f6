-- When an orchestrator last looked for leases that have run out. If nobody could look for a
-- while, nobody took heartbeats either: no runner is to blame for a lease that ran out then.
CREATE TABLE lease_watch (
    one            boolean     PRIMARY KEY DEFAULT true CHECK (one), -- a single row
    looked_at      timestamptz NOT NULL DEFAULT now(),
    forgiven_until timestamptz NOT NULL DEFAULT '-infinity' -- leases that end until then cost no attempt
);
INSERT INTO lease_watch DEFAULT VALUES;
