//! Whole tournaments played in memory: any format, any scores, any order of arrival, any
//! faults on the way.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod audit;
mod basics;
mod blocks;
mod chaos;
mod combining;
mod defence;
mod documented;
mod game;
mod grinding;
mod half_block;
mod matches;
mod meetings;
mod mid_run;
mod race;
mod rejudge;
mod rejudged;
mod set_aside;
mod support;
mod tampering;
mod vanishing;
