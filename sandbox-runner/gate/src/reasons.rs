//! Whether the gate stops at the first broken rule or collects them.

use crate::rejection::{Rejection, Rule};

/// Most reasons that are collected.
pub const MOST_REASONS: usize = 20;

/// The broken rules found so far.
#[derive(Debug)]
pub(crate) struct Reasons {
    go_on: bool,
    found: Vec<Rejection>,
}

impl Reasons {
    /// Stops at the first: what a server needs.
    pub(crate) fn first() -> Self {
        Self {
            go_on: false,
            found: Vec::new(),
        }
    }

    /// Collects them: what an author needs.
    pub(crate) fn all() -> Self {
        Self {
            go_on: true,
            found: Vec::new(),
        }
    }

    /// Passes a refusal on if the reading is to end with it, else keeps it.
    pub(crate) fn note(&mut self, checked: Result<(), Rejection>) -> Result<(), Rejection> {
        match checked {
            Err(rejection) if self.go_on && self.found.len() + 1 < MOST_REASONS => {
                self.add(rejection);
                Ok(())
            }
            checked => checked,
        }
    }

    /// Keeps a refusal, unless it says nothing new: a module that is built against
    /// another version of the interface is so at every import.
    pub(crate) fn add(&mut self, rejection: Rejection) {
        let known = |other: &Rejection| {
            *other == rejection
                || (other.rule == rejection.rule && rejection.rule == Rule::InterfaceVersion)
        };
        if !self.found.iter().any(known) {
            self.found.push(rejection);
        }
    }

    pub(crate) fn into_found(self) -> Vec<Rejection> {
        self.found
    }
}
