//! Keeps what a native training says, for a caller in the same process.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;

use super::host::{Listener, OutOfBudget};
use super::trained::{Parameters, Report};

/// What has been heard so far.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) reports: Vec<Report>,
    pub(super) model: Parameters,
}

pub(super) struct Collector(pub(super) Rc<RefCell<Heard>>);

impl Listener for Collector {
    fn metric(&mut self, report: Report) {
        self.0.borrow_mut().reports.push(report);
    }

    fn progress(&mut self, _: f64) {}

    fn served(&mut self, _: u64) {}

    fn log(&mut self, line: &str) {
        eprintln!("{line}");
    }

    fn checkpoint(&mut self, _: u64, model: &Parameters) {
        self.0.borrow_mut().model.clone_from(model);
    }

    fn out_of_budget(&mut self, over: OutOfBudget) -> ! {
        // Not a panic: no hook is called and nothing is printed.
        resume_unwind(Box::new(over))
    }
}
