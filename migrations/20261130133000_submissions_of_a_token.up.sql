-- How much a token handed in lately is asked at every submission.
CREATE INDEX submissions_of_a_token ON submissions (token_id, submitted_at);
