-- A lease ends for good at some time, whatever its heartbeats say: a runner that hangs and
-- still sends them must not hold a run for ever. None: leased by a release that knew no end.
ALTER TABLE runs ADD COLUMN lease_ends timestamptz;
