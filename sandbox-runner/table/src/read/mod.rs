//! What a file is, and its rows in batches.
