DROP TABLE attempts;
DROP TABLE runs;
