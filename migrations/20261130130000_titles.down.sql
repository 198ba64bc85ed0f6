DROP TABLE archive_cards;
DROP TABLE archive_withdrawals;
ALTER TABLE submissions DROP COLUMN defends;
