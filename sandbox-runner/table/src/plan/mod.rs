//! What each column is, by the evidence of the rows, and how a row becomes numbers.
