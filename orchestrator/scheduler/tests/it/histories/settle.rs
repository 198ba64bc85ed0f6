//! The end of a history: faults stop, and the tournament has to come to an end by itself.

use gauntlet_domain::SubmissionId;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Outcome, RunState};
use gauntlet_domain::tournament::{Audience, Decision, Tournament, TournamentState};
use gauntlet_storage::Access;
use gauntlet_storage::views;

use super::ensure;
use super::op::{Op, What};
use super::stage::Stage;
use super::truth::undisturbed;

impl Stage<'_> {
    /// See the module.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        self.play_on().await?;
        // Whatever comes now changes nothing.
        self.watchful = false;
        let before = (self.head, self.model.tournament.clone());
        for op in [
            Op::Claim {
                runner: 0,
                stolen: false,
            },
            Op::ExpireAll,
            Op::Sweep,
            Op::Advance,
            Op::Register { runner: 1 },
            Op::Report {
                back: 0,
                what: What::Truth,
                forged: false,
            },
            Op::Fault {
                back: 0,
                forged: false,
            },
            Op::Submit { nth: 8 },
            Op::Pause,
            Op::Resume,
            Op::Disqualify { nth: 0 },
            Op::Void { round: 0, block: 1 },
        ] {
            self.ask(&op).await?;
        }
        ensure!(
            before == (self.head, self.model.tournament.clone()),
            "an ended tournament changed"
        );
        self.check(true).await?;
        self.check_all().await?;
        self.check_champion().await?;
        if !self.model.interfered && self.model.tournament.state() == TournamentState::Completed {
            self.compare_with_undisturbed()?;
        }
        Ok(())
    }

    async fn ask(&mut self, op: &Op) -> Result<(), String> {
        let ctx = self.ctx[0].clone();
        self.alone(op, &ctx)
            .await
            .map_err(|why| format!("in the end, {op:?}: {why}"))
    }

    async fn play_on(&mut self) -> Result<(), String> {
        for op in [
            Op::Open,
            Op::Submit { nth: 0 },
            Op::Submit { nth: 1 },
            Op::Close,
        ] {
            if matches!(
                self.model.tournament.state(),
                TournamentState::Draft | TournamentState::Open
            ) {
                self.ask(&op).await?;
            }
        }
        if self.model.tournament.state() == TournamentState::Open {
            // Too many were disqualified.
            self.ask(&Op::Cancel).await?;
        }
        if self.model.is_played() {
            self.ask(&Op::Resume).await?;
            self.ask(&Op::ExpireAll).await?;
        }
        for _ in 0..10_000 {
            if !self.model.is_played() {
                return Ok(());
            }
            self.ask(&Op::Sweep).await?;
            let runs = self.runs();
            for run in self.model.in_state(RunState::Stuck) {
                let nth = runs.iter().position(|other| *other == run).unwrap_or(0) as u32;
                self.ask(&Op::Retry { nth }).await?;
            }
            self.ask(&Op::Advance).await?;
            self.check(true).await?;
            // Row by row it was looked at before; now round by round is enough.
            self.watchful = false;
            while !self.model.claimable().is_empty() {
                self.ask(&Op::Claim {
                    runner: 2,
                    stolen: false,
                })
                .await?;
                self.ask(&Op::Report {
                    back: 0,
                    what: What::Truth,
                    forged: false,
                })
                .await?;
            }
            self.watchful = true;
        }
        Err("it does not come to an end".to_owned())
    }

    /// The archive has the champion, with a card and a model that exist.
    async fn check_champion(&mut self) -> Result<(), String> {
        let Some(Event::Completed { champion, archive }) = self.record.last() else {
            return Ok(());
        };
        let tournament = &self.model.tournament;
        let first_task = |block: (u32, u32)| {
            let mut blocks = tournament.rounds().iter().flat_map(|round| &round.blocks);
            blocks.any(|other| (other.round, other.index, other.task) == (block.0, block.1, 0))
        };
        let completed = tournament
            .rounds()
            .iter()
            .flat_map(|round| round.runs.values())
            .filter(|run| Some(run.submission) == *champion && first_task(run.block))
            .any(|run| run.outcome.is_some_and(|outcome| !outcome.is_fault()));
        let kept = *champion == tournament.defender().map(|entrant| entrant.submission);
        ensure!(
            archive.is_some() == (champion.is_some() && (completed || kept)),
            "a champion without an archive entry, or the reverse"
        );
        let view = views::tournament(
            &mut self.eyes,
            &self.name,
            Audience::Organiser,
            Access::Everything,
        )
        .await
        .map_err(|error| error.to_string())?
        .ok_or("no view")?;
        if let Some(shown) = view.champion {
            let entrant = tournament
                .entrants()
                .find(|entrant| Some(entrant.submission) == *champion)
                .ok_or("a champion that never entered")?;
            ensure!(
                shown.method == entrant.name.as_str(),
                "another champion is shown"
            );
        } else {
            ensure!(champion.is_none(), "the champion is not shown");
        }
        Ok(())
    }

    /// Without an operator's interference all decisions and all results are those of a
    /// tournament in which nothing ever went wrong.
    fn compare_with_undisturbed(&self) -> Result<(), String> {
        let closed = self
            .record
            .iter()
            .position(|event| matches!(event, Event::Closed { .. }))
            .ok_or("never closed")?;
        let sealed = Tournament::replay(&self.record[..=closed]);
        let mut sealed = sealed.map_err(|error| error.to_string())?;
        if sealed.paused().is_some() {
            sealed
                .apply(&Event::Resumed)
                .map_err(|error| error.to_string())?;
        }
        let wanted = undisturbed(sealed)?;
        let found = &self.model.tournament;
        ensure!(
            results(found) == results(&wanted),
            "other results than undisturbed"
        );
        ensure!(
            decisions(found) == decisions(&wanted),
            "other decisions than undisturbed"
        );
        ensure!(
            found.champion() == wanted.champion(),
            "another champion than undisturbed"
        );
        Ok(())
    }
}

type Key = (SubmissionId, (u32, u32));

fn results(tournament: &Tournament) -> Vec<(Key, Option<Outcome>)> {
    let runs = tournament
        .rounds()
        .iter()
        .flat_map(|round| round.runs.values());
    let mut results: Vec<_> = runs
        .map(|run| ((run.submission, run.block), run.outcome))
        .collect();
    results.sort_by_key(|(key, _)| *key);
    results
}

fn decisions(tournament: &Tournament) -> Vec<Option<&Decision>> {
    let rounds = tournament.rounds().iter();
    rounds.map(|round| round.decision.as_ref()).collect()
}
