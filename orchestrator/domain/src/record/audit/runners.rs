//! Who ran what, as far as a record tells: what a method that was set aside faulted on.

use std::collections::{BTreeMap, BTreeSet};

use super::Difference;
use super::checks::json;
use crate::ids::{RunId, RunnerId, SubmissionId};
use crate::record::event::Event;
use crate::tournament::Tournament;

/// What became of attempts on which runners.
#[derive(Default)]
pub(super) struct Runners {
    holders: BTreeMap<RunId, RunnerId>,
    lost: BTreeSet<(RunnerId, SubmissionId)>,
    passed: BTreeSet<(RunnerId, SubmissionId)>,
}

impl Runners {
    /// Takes an event in.
    pub(super) fn note(&mut self, tournament: &Tournament, event: &Event) {
        let (run, outcomes) = match event {
            Event::RunLeased { run, runner, .. } => {
                self.holders.insert(*run, *runner);
                return;
            }
            Event::RunRequeued { run, .. } | Event::RunStuck { run, .. } => (run, &mut self.lost),
            Event::RunDone { run, .. } => (run, &mut self.passed),
            _ => return,
        };
        let method = tournament.find_run(*run).map(|run| run.submission);
        if let (Some(runner), Some(method)) = (self.holders.get(run), method) {
            outcomes.insert((*runner, method));
        }
    }

    /// Whether a method is rightly said to have faulted on these runners, on which others'
    /// runs passed.
    pub(super) fn check(&self, method: SubmissionId, runners: &[RunnerId]) -> Vec<Difference> {
        let fits = |runner: &RunnerId| {
            let mut passed = self.passed.iter();
            self.lost.contains(&(*runner, method))
                && passed.any(|(on, other)| on == runner && *other != method)
        };
        let fitting: Vec<&RunnerId> = runners.iter().filter(|runner| fits(runner)).collect();
        if fitting.len() == runners.len() {
            return Vec::new();
        }
        vec![Difference {
            seq: 1,
            what: format!("runners on which method {method} faulted and others passed"),
            recorded: json(&runners),
            computed: json(&fitting),
        }]
    }
}
