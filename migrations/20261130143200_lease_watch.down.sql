DROP TABLE lease_watch;
