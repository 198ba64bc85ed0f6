-- A title follows the latest judgement: an entry can be withdrawn and come back, its card can
-- be written anew, and what was archived stays as it was.

-- The entry that a defender won its title with.
ALTER TABLE submissions ADD COLUMN defends uuid REFERENCES archive;
UPDATE submissions SET defends = (
    SELECT (events.body::jsonb ->> 'archive')::uuid FROM events
    WHERE events.chain = submissions.tournament_id::text AND events.kind = 'defender_entered'
    ORDER BY events.seq LIMIT 1
) WHERE role = 'defender';

-- Which tournament's judgement took an entry back, and why. It is offered if there is none.
CREATE TABLE archive_withdrawals (
    archive_id    uuid        NOT NULL REFERENCES archive,
    tournament_id uuid        NOT NULL REFERENCES tournaments,
    because       text        NOT NULL,
    disqualified  boolean     NOT NULL, -- for breaking rules, not only judged otherwise
    since         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (archive_id, tournament_id)
);

-- The card by the latest judgement, where that is another than the one it was archived with.
CREATE TABLE archive_cards (
    archive_id uuid        PRIMARY KEY REFERENCES archive,
    card       jsonb       NOT NULL,
    since      timestamptz NOT NULL DEFAULT now()
);
