ALTER TABLE series DROP COLUMN organiser;
DROP TRIGGER tournaments_share ON tournaments;
DROP FUNCTION add_share();
DROP TABLE organiser_shares;
DROP TABLE tournament_shares;
