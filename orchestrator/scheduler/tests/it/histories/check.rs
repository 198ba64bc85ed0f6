//! What must hold after every step, whatever was asked.

use std::collections::BTreeMap;

use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::{Play, Tournament};
use gauntlet_domain::{Digest, RunId};
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{events, play};
use gauntlet_test_support::LedgerLine;

use super::ensure;
use super::stage::Stage;

impl Stage<'_> {
    /// Compares tables and reference. Whether leases have run out the reference only knows
    /// where questions came one by one; elsewhere it learns it here.
    pub(crate) async fn check(&mut self, one_by_one: bool) -> Result<(), String> {
        let loaded = self.loaded().await?;
        ensure!(
            loaded == self.model.tournament,
            "tables and record differ: {loaded:#?} instead of {:#?}",
            self.model.tournament
        );
        let head = events::head(&mut self.eyes, &self.id.to_string()).await;
        ensure!(
            head.unwrap() == Some((self.record.len() as i64, self.head)),
            "the chain has another head"
        );
        let database = &self.world.platform.database;
        let ledger = database.ledger(self.id.0).await;
        ensure!(
            ledger.len() == self.model.allowed.len(),
            "{} runs instead of {}",
            ledger.len(),
            self.model.allowed.len()
        );
        if !one_by_one {
            let expired = ledger.iter().filter(|line| line.expired);
            self.model.expired = expired.map(|line| RunId(line.id)).collect();
        }
        for line in &ledger {
            self.check_line(line)
                .map_err(|why| format!("{why}: {line:?}"))?;
        }
        Ok(())
    }

    async fn loaded(&mut self) -> Result<Tournament, String> {
        let loaded = play::load(&mut self.eyes, self.id, Lock::None)
            .await
            .map_err(|error| error.to_string())?;
        Ok(loaded.ok_or("it vanished")?.tournament)
    }

    fn check_line(&self, line: &LedgerLine) -> Result<(), String> {
        let run = RunId(line.id);
        let model = &self.model;
        let is = |state: RunState| line.state == state.as_str();
        ensure!(
            model.allowed.get(&run) == Some(&line.attempts_allowed),
            "other attempts are allowed than {:?}",
            model.allowed.get(&run)
        );
        ensure!(
            line.attempts == i64::from(line.attempt) && line.last_attempt == line.attempt,
            "attempts do not count up by one"
        );
        let holder = model.holders.get(&(run, line.attempt));
        ensure!(
            line.attempt == 0 || holder.map(|holder| holder.0) == line.runner_id,
            "held by another than {holder:?}"
        );
        ensure!(
            line.open == i64::from(is(RunState::Leased)) && line.held == is(RunState::Leased),
            "not exactly one lease of a leased run, or one of another"
        );
        ensure!(
            line.expired == model.expired.contains(&run),
            "the deadline is another"
        );
        let accepted = line
            .result_attempt
            .zip(line.report_digest.as_deref())
            .map(|(attempt, digest)| (attempt, digest.parse::<Digest>().unwrap()));
        ensure!(
            model.accepted.get(&run) == accepted.as_ref(),
            "the accepted result is another than {:?}",
            model.accepted.get(&run)
        );
        let reported: Vec<i32> = accepted.iter().map(|(attempt, _)| *attempt).collect();
        ensure!(line.reported == reported, "another attempt was reported");
        ensure!(
            is(RunState::Done) == accepted.is_some(),
            "done without a result, or the reverse"
        );
        Ok(())
    }

    /// What takes longer, and is looked at in the end: the whole record once more, standings
    /// computed anew, every blob that a row names.
    pub(crate) async fn check_all(&mut self) -> Result<(), String> {
        let replayed = Tournament::replay(&self.record).map_err(|error| error.to_string())?;
        let loaded = self.loaded().await?;
        ensure!(
            replayed == loaded,
            "the record replayed is another tournament"
        );
        crate::kept::check(&mut self.eyes, self.id, &self.record).await?;
        // Formats whose rounds count by themselves say so in their decisions, which were
        // compared when they were made.
        let cumulative = matches!(loaded.rules().play, Play::Halving(_)) && !self.model.interfered;
        for round in loaded.rounds().iter().filter(|_| cumulative) {
            let title = loaded.defender().map(|entrant| entrant.submission);
            if title.is_some_and(|defender| round.entrants.contains(&defender)) {
                continue;
            }
            if let Some(decision) = &round.decision {
                ensure!(
                    serde_json::to_string(&decision.standings).unwrap()
                        == serde_json::to_string(&loaded.standings(round.number)).unwrap(),
                    "standings of round {} computed again differ",
                    round.number
                );
            }
        }
        let blobs = &self.ctx[0].blobs;
        let mut digests: BTreeMap<Digest, &str> = loaded
            .entrants()
            .map(|entrant| (entrant.digest, "a module"))
            .collect();
        for line in self.world.platform.database.ledger(self.id.0).await {
            if let Some(model) = line.model {
                digests.insert(model.parse().unwrap(), "a model");
            }
        }
        for (digest, what) in digests {
            let found = blobs
                .get(&digest)
                .await
                .map_err(|error| error.to_string())?;
            ensure!(found.is_some(), "{what} is no blob: {digest}");
        }
        Ok(())
    }
}
