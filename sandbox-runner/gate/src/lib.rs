//! Says whether a module may enter, with exact reasons.
