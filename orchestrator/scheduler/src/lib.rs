//! Commands and loops that move tournaments forward.
