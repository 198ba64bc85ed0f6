DROP INDEX submissions_of_a_token;
