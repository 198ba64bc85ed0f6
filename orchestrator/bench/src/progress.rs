//! Says how far a measurement is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// One bar, used by one part after the other.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::no_length();
        // The template is constant; with a wrong one the bar looks plain.
        if let Ok(style) = ProgressStyle::with_template("{msg:34} {wide_bar} {pos}/{len} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Starts a part of so many steps.
    pub(crate) fn part(&self, what: impl Into<String>, steps: u64) {
        self.0.set_message(what.into());
        self.0.set_length(steps);
        self.0.set_position(0);
    }

    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    pub(crate) fn at(&self, steps: u64) {
        self.0.set_position(steps);
    }

    pub(crate) fn done(&self) {
        self.0.finish_and_clear();
    }
}
