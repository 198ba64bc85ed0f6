//! Checks and prices every tensor operation before it is executed.
