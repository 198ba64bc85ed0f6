DROP TABLE blocks;
DROP TABLE rounds;
