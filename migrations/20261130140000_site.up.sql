-- Whose blobs a folder holds. Only the database that a folder was first swept for may say
-- what in it is unnamed: to any other one, everything is.
CREATE TABLE site (
    id       uuid    NOT NULL DEFAULT gen_random_uuid(),
    one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row)
);
INSERT INTO site DEFAULT VALUES;
