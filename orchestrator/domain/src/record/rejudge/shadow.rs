//! The rounds decided again, and what follows from that.

use std::collections::BTreeSet;

use super::changes::changed;
use super::{Changes, Move, RejudgeError, Rejudgement};
use crate::ids::SubmissionId;
use crate::tournament::{Decision, Effect, Round, Tournament, succession};

impl Tournament {
    /// Judges it again under `changes`, from the recorded results. Only a completed
    /// tournament.
    pub fn rejudge(&self, changes: &Changes) -> Result<Rejudgement, RejudgeError> {
        let now = changed(self, changes)?;
        let erratum: BTreeSet<SubmissionId> = changes.erratum.disqualify.iter().copied().collect();
        let mut decisions = Vec::new();
        let mut cut_too_early = Vec::new();
        let mut kept_too_long = Vec::new();
        let mut best = None;
        for (at, round) in self.rounds.iter().enumerate() {
            if self.is_title(round) {
                continue;
            }
            let next = self.rounds.get(at + 1);
            let judged = now.judged(self, at, &erratum);
            let after = judged.survivors(&judged.rounds[at]);
            best = after
                .first()
                .copied()
                .filter(|who| judged.has_completed_a_run(*who));
            if let Some(next) = next {
                let went_on = |who: &&SubmissionId| next.entrants.contains(*who);
                let early = after.iter().filter(|who| !went_on(who));
                cut_too_early.extend(early.map(|who| (*who, round.number)));
                let late = round.entrants.iter().filter(went_on);
                let late = late.filter(|who| !after.contains(who) && !erratum.contains(*who));
                kept_too_long.extend(late.map(|who| (*who, round.number)));
            }
            decisions.extend(judged.rounds[at].decision.clone());
        }
        let (champion, title) = now.title_after(best);
        let ranking = now.ranking(&decisions, champion);
        let recorded: Vec<Decision> = self
            .rounds
            .iter()
            .filter(|round| !self.is_title(round))
            .filter_map(|round| round.decision.clone())
            .collect();
        let champion_before = self.recorded_champion();
        let ranking_before = self.ranking(&recorded, champion_before);
        decisions.extend(title);
        Ok(Rejudgement {
            decisions,
            cut_too_early,
            kept_too_long,
            champion_before,
            champion,
            moves: moves(&ranking_before, &ranking),
            ranking_before,
            ranking,
        })
    }

    /// The tournament as it stands after it was judged again under `changes`: results put right,
    /// blocks voided, methods out, decisions and champion those of the rejudgement.
    ///
    /// # Errors
    /// As [`Self::rejudge`].
    pub fn judged_again(&self, changes: &Changes) -> Result<Self, RejudgeError> {
        let judged = self.rejudge(changes)?;
        let mut now = changed(self, changes)?;
        let out = now.disqualified.clone();
        for round in &mut now.rounds {
            let mut again = judged.decisions.iter();
            match again.find(|one| one.round == round.number) {
                Some(decision) => round.decision = Some(decision.clone()),
                // A title's round that nobody could be judged by: its comparison is void.
                None => round.decision = round.decision.take().map(|old| old.without(&out)),
            }
        }
        now.champion = judged.champion;
        Ok(now)
    }

    /// The champion that the recorded decisions give, whatever was rejudged since.
    pub(crate) fn recorded_champion(&self) -> Option<SubmissionId> {
        match self.after(self.rounds.last()) {
            Some(Effect::Complete { champion }) => champion,
            _ => None,
        }
    }

    pub(crate) fn is_title(&self, round: &Round) -> bool {
        self.title_defender(round).is_some()
    }

    /// Up to the round at `at`, that one decided again. Who was disqualified later in the
    /// record was still there to be decided on, but one of `erratum` never was.
    fn judged(&self, recorded: &Self, at: usize, erratum: &BTreeSet<SubmissionId>) -> Self {
        let mut then = self.clone();
        then.rounds.truncate(at + 1);
        let standing: BTreeSet<SubmissionId> = recorded.rounds[at]
            .decision
            .iter()
            .flat_map(|decision| &decision.standings)
            .map(|line| line.submission)
            .collect();
        let out_unless = |there: &dyn Fn(&SubmissionId) -> bool| -> BTreeSet<SubmissionId> {
            let out = recorded.disqualified.iter().filter(|who| !there(who));
            out.chain(erratum).copied().collect()
        };
        then.disqualified = out_unless(&|who| standing.contains(who));
        then.rounds[at].decision = None;
        let decision = then.decide(&then.rounds[at]);
        then.rounds[at].decision = Some(decision);
        // The places of those disqualified before the next round opened were filled then.
        let next = recorded.rounds.get(at + 1);
        then.disqualified = out_unless(&|who| next.is_some_and(|one| one.entrants.contains(who)));
        then
    }

    /// The champion if `best` is the best of the field, with the title's decision if it could
    /// be taken again.
    fn title_after(&self, best: Option<SubmissionId>) -> (Option<SubmissionId>, Option<Decision>) {
        let title = self.rounds.last().filter(|round| self.is_title(round));
        let met = |who: SubmissionId| title.filter(|round| round.entrants.contains(&who));
        let defender = self.defender.as_ref().map(|one| one.submission);
        if let (Some(round), Some(defender)) = (best.and_then(met), defender) {
            let decision = succession::decide(self, round, defender);
            let mut decided = self.clone();
            if let Some(last) = decided.rounds.last_mut() {
                last.decision = Some(decision.clone());
            }
            return (decided.recorded_champion(), Some(decision));
        }
        let defender = defender.filter(|who| !self.is_disqualified(*who));
        let best = best.filter(|who| !self.is_disqualified(*who));
        (defender.or(best), None)
    }

    /// The final ranking by these decisions of all rounds but the title's.
    pub(crate) fn ranking(
        &self,
        decisions: &[Decision],
        champion: Option<SubmissionId>,
    ) -> Vec<SubmissionId> {
        let mut ranking: Vec<SubmissionId> = champion.into_iter().collect();
        // A dethroned defender lost to the champion only.
        let lost = self
            .rounds
            .last()
            .and_then(|last| self.title_defender(last));
        ranking.extend(lost);
        for decision in decisions.iter().rev() {
            ranking.extend(decision.standings.iter().map(|line| line.submission));
        }
        let mut seen = BTreeSet::new();
        ranking.retain(|who| !self.is_disqualified(*who) && seen.insert(*who));
        ranking
    }
}

fn moves(before: &[SubmissionId], after: &[SubmissionId]) -> Vec<Move> {
    let place = |ranking: &[SubmissionId], who: SubmissionId| {
        let at = ranking.iter().position(|one| *one == who)?;
        Some(at as u32 + 1)
    };
    let lost = before.iter().filter(|who| !after.contains(who));
    after
        .iter()
        .chain(lost)
        .map(|who| Move {
            submission: *who,
            before: place(before, *who),
            after: place(after, *who),
        })
        .collect()
}
