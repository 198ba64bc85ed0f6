//! A history while it happens: every step is carried out, compared with the
//! reference, and followed by a look at everything that must always hold.

use gauntlet_domain::record::{Event, link};
use gauntlet_domain::tournament::{Effect, Tournament};
use gauntlet_domain::{Digest, RunId, TournamentId, TournamentName};
use gauntlet_scheduler::commands::claim::Claim;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::{Context, Refusal};
use gauntlet_storage::leases::Holder;
use gauntlet_storage::{Transaction, events};

use super::ask::{Answer, Ask};
use super::expect::{Expected, expect};
use super::model::{Leased, Model};
use super::op::{Op, Step};
use super::plan::Plan;
use super::truth::phrase;
use super::world::{Runner, World};
use super::{champion, ensure, report_digest};
use crate::support::name;

/// See the module.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    pub(crate) ctx: [Context; 2],
    pub(crate) name: TournamentName,
    pub(crate) id: TournamentId,
    pub(crate) model: Model,
    /// The record so far.
    pub(crate) record: Vec<Event>,
    /// Its last digest.
    pub(crate) head: Digest,
    /// A connection to look with. Every statement sees what was committed before it.
    pub(crate) eyes: Transaction,
    /// Whether tables are compared after every step.
    pub(crate) watchful: bool,
    /// Answers that a deadlock took, of questions asked at the same time.
    pub(crate) deadlocks: u32,
}

impl<'w> Stage<'w> {
    /// A draft; with a defending champion if the rules want one.
    pub(crate) async fn set(
        world: &'w mut World,
        plan: &Plan,
        nth: u64,
    ) -> Result<Stage<'w>, String> {
        let task = world.task(false).await;
        let mut more_tasks = Vec::new();
        if plan.two_tasks {
            more_tasks.push(world.task(true).await);
        }
        if plan.rules.terms.defend {
            champion::play_for_champion(world, &task, nth).await;
        }
        let ctx = world.orchestrators(plan.max_attempts);
        let new = NewTournament {
            name: name(&format!("history-{nth}")),
            task,
            more_tasks,
            rules: plan.rules.clone(),
            phrase: Some(phrase(plan.seed)),
            share: gauntlet_domain::tournament::Share::default(),
            organiser: None,
            private: false,
        };
        let name = new.name.clone();
        let id = create_tournament(&ctx[0], new)
            .await
            .map_err(|refusal| format!("no draft: {refusal}"))?;
        let mut conn = ctx[0].db.begin().await.unwrap();
        let links = events::list(&mut conn, &id.to_string(), 0, 1)
            .await
            .unwrap();
        let created: Event = serde_json::from_str(&links[0].body).unwrap();
        let draft = Tournament::replay([&created]).map_err(|error| error.to_string())?;
        Ok(Stage {
            world,
            ctx,
            name,
            id,
            model: Model::new(draft, plan.max_attempts),
            record: vec![created],
            head: links[0].digest,
            eyes: conn,
            watchful: true,
            deadlocks: 0,
        })
    }

    pub(crate) async fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.ops[..] {
            [one, other] => self.both(one, other).await,
            ops => {
                for op in ops {
                    let ctx = self.ctx[step.first as usize % 2].clone();
                    self.alone(op, &ctx).await?;
                }
                Ok(())
            }
        }
    }

    /// Asked alone, everything is known beforehand.
    pub(crate) async fn alone(&mut self, op: &Op, ctx: &Context) -> Result<(), String> {
        let ask = Ask::find(op, self.world, &self.model).await;
        if let Ask::Nothing = ask {
            return Ok(());
        }
        let expected = expect(&self.model, &ask);
        let claimable = self.model.claimable();
        let answer = ask.clone().carry_out(ctx, self.world, &self.name).await;
        let new = self.new_events().await?;
        if let Some(expected) = expected {
            let mut kinds: Vec<&str> = new.iter().map(Event::kind).collect();
            kinds.sort_unstable();
            let found = Expected {
                refused: code(&answer)?,
                events: kinds,
            };
            ensure!(found == expected, "{found:?} instead of {expected:?}");
        } else if let Err(refusal) = &answer {
            return Err(format!("advancing failed: {refusal}"));
        }
        if let (Ok(Answer::Count(count)), true) = (&answer, !matches!(ask, Ask::Submit(..))) {
            ensure!(
                *count == new.len(),
                "{count} steps were told, {} recorded",
                new.len()
            );
        }
        self.take_in(&new, &[(&ask, &answer)]).await?;
        match (&ask, &answer) {
            (Ask::Claim(..), Ok(Answer::Claimed(claim))) => {
                if let Some(claim) = claim.as_ref() {
                    ensure!(claimable.contains(&claim.run), "not claimable: {claim:?}");
                }
            }
            (Ask::Advance, Ok(_)) => {
                ensure!(
                    self.model.tournament.next().is_none(),
                    "it stopped half-way"
                );
            }
            (Ask::Expire(runs), _) => {
                let leased = self.model.in_state(gauntlet_domain::run::RunState::Leased);
                let out = runs.iter().filter(|run| leased.contains(run));
                self.model.expired.extend(out);
            }
            (Ask::Beat(holder), Ok(_)) => {
                self.model.expired.remove(&holder.run);
            }
            _ => {}
        }
        if self.watchful {
            self.check(true).await?;
        }
        Ok(())
    }

    /// Asked at the same time, either may come first. What must hold holds all the same.
    async fn both(&mut self, one: &Op, other: &Op) -> Result<(), String> {
        let asks = [
            Ask::find(one, self.world, &self.model).await,
            Ask::find(other, self.world, &self.model).await,
        ];
        let answers = tokio::join!(
            asks[0]
                .clone()
                .carry_out(&self.ctx[0], self.world, &self.name),
            asks[1]
                .clone()
                .carry_out(&self.ctx[1], self.world, &self.name),
        );
        for answer in [&answers.0, &answers.1] {
            if let Err(Refusal::Storage(error)) = answer
                && error.is_transient()
            {
                self.deadlocks += 1;
            } else {
                code(answer)?;
            }
        }
        let new = self.new_events().await?;
        let told = [(&asks[0], &answers.0), (&asks[1], &answers.1)];
        self.take_in(&new, &told).await?;
        self.check(false).await
    }

    /// What was recorded since the last look, in an unbroken chain.
    async fn new_events(&mut self) -> Result<Vec<Event>, String> {
        let chain = self.id.to_string();
        let after = self.record.len() as i64;
        let links = events::list(&mut self.eyes, &chain, after, 10_000)
            .await
            .unwrap();
        let mut new = Vec::new();
        for (seq, found) in (after + 1..).zip(&links) {
            let digest = link(&self.head, &chain, seq, found.at_micros, &found.body);
            ensure!(
                (found.seq, found.previous, found.digest) == (seq, self.head, digest),
                "the chain is broken at {seq}"
            );
            self.head = digest;
            new.push(serde_json::from_str(&found.body).unwrap());
        }
        Ok(new)
    }

    /// Takes new events into the reference. Those that the rules call for must be what the
    /// rules say, to the letter.
    async fn take_in(
        &mut self,
        new: &[Event],
        told: &[(&Ask, &Result<Answer, Refusal>)],
    ) -> Result<(), String> {
        for event in new {
            let wanted = match event {
                Event::RoundOpened { .. } | Event::RoundDecided(_) | Event::Completed { .. } => {
                    self.model.tournament.next()
                }
                _ => None,
            };
            self.model.absorb(event)?;
            self.compare(event, wanted)?;
            if let Event::RunDone { run, attempt, .. } = event {
                let sent = told.iter().find_map(|(ask, answer)| match ask {
                    Ask::Report(holder, report)
                        if (holder.run, holder.attempt) == (*run, *attempt) && answer.is_ok() =>
                    {
                        Some(report_digest(report))
                    }
                    _ => None,
                });
                let sent = sent.ok_or_else(|| format!("{run} is done and nobody was told"))?;
                self.model.accepted.insert(*run, (*attempt, sent));
            }
        }
        self.record.extend_from_slice(new);
        for (ask, answer) in told {
            match (ask, answer) {
                (Ask::Claim(runner, ..), Ok(Answer::Claimed(claim))) => {
                    if let Some(claim) = claim.as_ref() {
                        self.hand_out(claim, runner)?;
                    }
                }
                (Ask::Report(holder, report), Ok(_)) => {
                    let accepted = self.model.accepted.get(&holder.run);
                    ensure!(
                        accepted == Some(&(holder.attempt, report_digest(report))),
                        "a report was welcomed that is not the accepted one"
                    );
                    self.is_own(holder)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn hand_out(&mut self, claim: &Claim, runner: &Runner) -> Result<(), String> {
        let (run, attempt) = (claim.run, claim.attempt);
        let holder = self.model.holders.get(&(run, attempt));
        ensure!(holder == Some(&runner.id), "handed out, but not recorded");
        let record = self.model.tournament.find_run(run).ok_or("no such run")?;
        let rounds = self.model.tournament.rounds();
        let block = rounds
            .iter()
            .flat_map(|round| &round.blocks)
            .find(|block| (block.round, block.index) == record.block)
            .ok_or("no such block")?;
        let mut entrants = self.model.tournament.entrants();
        let entrant = entrants
            .find(|entrant| entrant.submission == record.submission)
            .ok_or("no such method")?;
        ensure!(
            (claim.work.seed, &claim.work.method, claim.work.artifact)
                == (block.seed, &entrant.name, entrant.digest),
            "another's work: {claim:?}"
        );
        let leased = Leased {
            run,
            attempt,
            token: runner.token,
            method: claim.work.method.clone(),
            seed: block.seed,
            less_is_better: block.task == 1,
        };
        drop(entrants);
        self.model.leased.push(leased);
        Ok(())
    }

    fn is_own(&self, holder: &Holder) -> Result<(), String> {
        let runner = self.model.holders.get(&(holder.run, holder.attempt));
        let known = &self.world.runners;
        let token = known.iter().find(|known| Some(&known.id) == runner);
        ensure!(
            token.map(|runner| runner.token) == Some(holder.token),
            "a report was accepted from somebody else's token"
        );
        Ok(())
    }

    fn compare(&self, event: &Event, wanted: Option<Effect>) -> Result<(), String> {
        let as_wanted = match (event, wanted) {
            (
                Event::RoundOpened {
                    round,
                    entrants,
                    blocks,
                    ..
                },
                Some(Effect::OpenRound {
                    round: number,
                    entrants: who,
                    blocks: seeds,
                    heats,
                }),
            ) => {
                let opened = self.model.tournament.rounds().last();
                (number, &who, &seeds) == (*round, entrants, blocks)
                    && opened.is_some_and(|opened| opened.heats == heats)
            }
            (Event::RoundDecided(found), Some(Effect::DecideRound(wanted))) => {
                serde_json::to_string(found).unwrap() == serde_json::to_string(&wanted).unwrap()
            }
            (Event::Completed { champion, .. }, Some(Effect::Complete { champion: wanted })) => {
                *champion == wanted
            }
            (Event::RoundOpened { .. } | Event::RoundDecided(_) | Event::Completed { .. }, _) => {
                false
            }
            _ => true,
        };
        ensure!(as_wanted, "not what the rules say: {event:?}");
        Ok(())
    }

    /// Runs of the reference, for those who must go through all.
    pub(crate) fn runs(&self) -> Vec<RunId> {
        self.model.runs()
    }
}

/// The code of a refusal; failures of our own are failures of the test.
fn code(answer: &Result<Answer, Refusal>) -> Result<Option<&'static str>, String> {
    match answer {
        Ok(_) => Ok(None),
        Err(refusal) => match refusal.reason() {
            Some(reason) => Ok(Some(reason.code)),
            None => Err(format!("the platform failed: {refusal}")),
        },
    }
}
