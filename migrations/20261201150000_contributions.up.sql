-- What a completed tournament gives to the ratings of its task, as it was judged last: who was
-- ranked where, and who met whom. It follows from the record, and is kept so that whoever asks for
-- ratings need not read every run of every tournament. A record that is longer by now is not what it
-- follows from: then it counts for nothing until it is made again.
CREATE TABLE contributions (
    tournament_id uuid   PRIMARY KEY REFERENCES tournaments,
    contribution  jsonb  NOT NULL,
    record_length bigint NOT NULL CHECK (record_length > 0)
);
