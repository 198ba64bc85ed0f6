//! How methods leave a tournament before its end, other than by being cut.

use std::collections::BTreeSet;

use crate::ids::{RunnerId, SubmissionId};
use crate::run::{RunEvent, RunState};
use crate::tournament::Tournament;

impl Tournament {
    /// Puts a method out and makes those of its runs void that have no result in rounds that
    /// are not decided; false if it is out already.
    pub(crate) fn put_out(&mut self, submission: SubmissionId) -> bool {
        if !self.disqualified.insert(submission) {
            return false;
        }
        let open = self
            .rounds
            .iter_mut()
            .filter(|round| round.decision.is_none());
        for run in open.flat_map(|round| round.runs.values_mut()) {
            if run.submission == submission && run.state != RunState::Done {
                run.state = run.state.after(RunEvent::Void).unwrap_or(run.state);
            }
        }
        true
    }

    /// Whether the platform may give a method up: it is one of the field, which a title's
    /// defender is not; one of its runs is stuck; and more than one runner could not run it.
    pub(crate) fn may_be_set_aside(
        &self,
        submission: SubmissionId,
        runners: &[RunnerId],
    ) -> Result<(), &'static str> {
        let of_the_field = self.field().any(|entrant| entrant.submission == submission);
        if !of_the_field {
            return Err("no such method in the field");
        }
        if self.is_disqualified(submission) {
            return Err("it is out already");
        }
        let distinct: BTreeSet<&RunnerId> = runners.iter().collect();
        if distinct.len() < 2 || distinct.len() != runners.len() {
            return Err("it takes several runners to tell a method from a runner");
        }
        let stuck = self
            .rounds
            .iter()
            .filter(|round| round.decision.is_none())
            .flat_map(|round| round.runs.values())
            .any(|run| run.submission == submission && run.state == RunState::Stuck);
        if stuck {
            Ok(())
        } else {
            Err("no run of it is stuck")
        }
    }
}
