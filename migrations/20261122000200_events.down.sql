DROP TABLE events;
DROP TABLE chains;
