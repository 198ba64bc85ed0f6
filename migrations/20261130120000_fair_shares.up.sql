-- Runners' time is shared out between organisers, and between the tournaments of each, by
-- start-time fair queueing (P. Goyal, H. M. Vin, H. Cheng, 1996). Within a priority nothing
-- is leased by age: whoever has had least for its weight comes next. All of the share's
-- state lies here, so that several orchestrators share out together.
--
-- A row of its own, because claims hold a share lock on the tournament's.
CREATE TABLE tournament_shares (
    tournament_id uuid             PRIMARY KEY REFERENCES tournaments,
    organiser     uuid             NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- the token that made it; zeros: not recorded
    priority      smallint         NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10),
    weight        smallint         NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    virtual_time  double precision NOT NULL DEFAULT 0 -- work leased over weight, among its organiser's
) WITH (fillfactor = 50);

-- An organiser's part in one priority: its own virtual time among the organisers, when its last
-- lease started there, and the clock of its tournaments: when their last lease started.
-- Who comes (back) starts at the clock: time in which nothing was asked for is not owed.
CREATE TABLE organiser_shares (
    organiser    uuid             NOT NULL,
    priority     smallint         NOT NULL,
    virtual_time double precision NOT NULL,
    started      double precision NOT NULL,
    clock        double precision NOT NULL,
    PRIMARY KEY (organiser, priority)
) WITH (fillfactor = 50);

INSERT INTO tournament_shares (tournament_id) SELECT id FROM tournaments;

-- A release that knows no shares makes tournaments too.
CREATE FUNCTION add_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tournament_shares (tournament_id) VALUES (NEW.id);
    RETURN NULL;
END;
$$;
CREATE TRIGGER tournaments_share AFTER INSERT ON tournaments
    FOR EACH ROW EXECUTE FUNCTION add_share();

-- Whose the tournaments of a series are.
ALTER TABLE series ADD COLUMN organiser uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
