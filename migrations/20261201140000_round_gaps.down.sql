DROP TABLE round_gaps;
