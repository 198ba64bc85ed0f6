//! A tournament in memory, with everything a shell would do around it.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Event, IllegalEvent, QueuedRun, TournamentTask, step};
use gauntlet_domain::run::{Metric, Outcome, RunState};
use gauntlet_domain::tournament::{Decision, Effect, Round, Rules, Tournament, TournamentState};
use gauntlet_domain::{ArchiveId, RunId, RunnerId, SubmissionId};
use uuid::Uuid;

use crate::support::{CHAMPION, digest, nonce, nth, submission};

/// What a run reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    pub(crate) to_target: Option<f64>,
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            to_target: None,
        }
    }
}

/// Applies events and keeps them, as the shell does.
#[derive(Clone)]
pub(crate) struct Game {
    pub(crate) tournament: Tournament,
    pub(crate) log: Vec<Event>,
    pub(crate) next_run: u128,
}

impl Game {
    /// One that accepts submissions, for tasks that measure `metrics`.
    pub(crate) fn open(rules: Rules, metrics: &[Metric]) -> Self {
        let task = |at: usize| format!("task-{at}").parse().unwrap();
        let mut play = Self {
            tournament: Tournament::new(rules.clone(), metrics.to_vec()),
            log: vec![Event::Created {
                name: "t".parse().unwrap(),
                task: task(0),
                rules: rules.clone(),
                metric: metrics[0].clone(),
                more_tasks: metrics[1..]
                    .iter()
                    .enumerate()
                    .map(|(at, metric)| TournamentTask {
                        task: task(at + 1),
                        metric: metric.clone(),
                    })
                    .collect(),
            }],
            next_run: 1,
        };
        play.happens(Event::Opened {
            commitment: nonce().commitment(),
            rules: Some(rules.digest()),
            version: Some(gauntlet_domain::tournament::RULES_VERSION),
        });
        if rules.terms.defend {
            play.happens(Event::DefenderEntered {
                submission: submission(CHAMPION),
                name: "champion".parse().unwrap(),
                digest: digest(CHAMPION),
                archive: ArchiveId(Uuid::nil()),
            });
        }
        play
    }

    pub(crate) fn submission_of(nth: usize) -> Event {
        Event::Submitted {
            submission: submission(nth),
            name: format!("m{nth}").parse().unwrap(),
            digest: digest(nth),
        }
    }

    pub(crate) fn enter(&mut self, nth: usize) {
        self.happens(Self::submission_of(nth));
    }

    pub(crate) fn closing(&self) -> Event {
        Event::Closed {
            nonce: nonce(),
            seed: self.tournament.derive_seed(&nonce()),
        }
    }

    /// One whose field of `field` methods is sealed.
    pub(crate) fn closed(rules: Rules, field: usize) -> Self {
        Self::closed_for(rules, Metric::default(), field)
    }

    pub(crate) fn closed_for(rules: Rules, metric: Metric, field: usize) -> Self {
        Self::closed_over(rules, &[metric], field)
    }

    pub(crate) fn closed_over(rules: Rules, metrics: &[Metric], field: usize) -> Self {
        let mut play = Self::open(rules, metrics);
        for nth in 0..field {
            play.enter(nth);
        }
        play.happens(play.closing());
        play
    }

    pub(crate) fn happens(&mut self, event: Event) -> Vec<Effect> {
        let (tournament, effects) = step(self.tournament.clone(), &event)
            .unwrap_or_else(|error| panic!("{event:?}: {error}"));
        self.tournament = tournament;
        self.log.push(event);
        effects
    }

    pub(crate) fn refuses(&self, event: &Event) -> IllegalEvent {
        step(self.tournament.clone(), event).unwrap_err()
    }

    fn named(&mut self, wanted: impl Iterator<Item = (SubmissionId, u32)>) -> Vec<QueuedRun> {
        wanted
            .map(|(submission, block)| {
                let run = RunId(Uuid::from_u128(self.next_run));
                self.next_run += 1;
                QueuedRun {
                    run,
                    submission,
                    block,
                }
            })
            .collect()
    }

    /// Carries out one effect.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenRound {
                round,
                entrants,
                blocks,
                heats,
            } => {
                let wanted: Vec<(SubmissionId, u32)> = heats
                    .iter()
                    .flat_map(|heat| {
                        let blocks = |who| heat.blocks.iter().map(move |block| (who, *block));
                        heat.entrants.iter().flat_map(move |who| blocks(*who))
                    })
                    .collect();
                let runs = self.named(wanted.into_iter());
                self.happens(Event::RoundOpened {
                    round,
                    entrants,
                    blocks,
                    heats,
                    runs,
                });
            }
            Effect::DecideRound(decision) => {
                self.happens(Event::RoundDecided(decision));
            }
            Effect::Complete { champion } => {
                self.happens(Event::Completed {
                    champion,
                    archive: None,
                });
            }
        }
    }

    /// Replaces a block of the last round, as an operator would.
    pub(crate) fn replacement_of(&mut self, block: u32) -> Event {
        let round = self.last().clone();
        let wanted: Vec<(SubmissionId, u32)> = round.runs_of(block).collect();
        let replacement = self.tournament.replacement(round.number, block).unwrap();
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter(|(who, _)| !self.tournament.is_disqualified(*who))
            .map(|(who, _)| (who, replacement.index))
            .collect();
        Event::BlockReplaced {
            round: round.number,
            block,
            replacement,
            runs: self.named(wanted.into_iter()),
            reason: "the data were wrong".to_owned(),
        }
    }

    pub(crate) fn void_of(&self, block: u32) -> Event {
        Event::BlockVoided {
            round: self.last().number,
            block,
            reason: "the data were wrong".to_owned(),
        }
    }

    pub(crate) fn disqualify(&mut self, nth: usize) {
        self.happens(Event::Disqualified {
            submission: submission(nth),
            reason: "it read the labels".to_owned(),
        });
    }

    pub(crate) fn last(&self) -> &Round {
        self.tournament.rounds().last().unwrap()
    }

    pub(crate) fn waiting(&self) -> Vec<(RunId, SubmissionId, (u32, u32))> {
        let Some(round) = self.tournament.rounds().last() else {
            return Vec::new();
        };
        round
            .runs
            .iter()
            .filter(|(_, run)| run.state == RunState::Queued)
            .map(|(id, run)| (*id, run.submission, run.block))
            .collect()
    }

    pub(crate) fn attempts(&self, id: RunId) -> i32 {
        self.tournament.find_run(id).unwrap().attempt
    }

    pub(crate) fn lease(&mut self, run: RunId, attempt: i32) {
        self.happens(Event::RunLeased {
            run,
            attempt,
            runner: RunnerId(Uuid::nil()),
        });
    }

    /// Leases a run, loses it `lost` times, and reports.
    pub(crate) fn run(&mut self, run: RunId, lost: i32, report: Report) {
        let before = self.attempts(run);
        for attempt in before + 1..=before + lost {
            self.lease(run, attempt);
            self.happens(Event::RunRequeued {
                run,
                attempt,
                reason: "the runner vanished".to_owned(),
            });
        }
        let attempt = before + lost + 1;
        self.lease(run, attempt);
        self.happens(Event::RunDone {
            run,
            attempt,
            outcome: report.outcome,
            model: None,
            to_target: report.to_target,
        });
    }

    /// Plays the next effect, if there is one.
    pub(crate) fn carry_on(&mut self) -> bool {
        let effect = self.tournament.next();
        let any = effect.is_some();
        effect.into_iter().for_each(|effect| self.carry_out(effect));
        any
    }

    /// Plays to the end. `score` gives each result; `pick` chooses which of the
    /// waiting runs ends next and how many attempts it loses first.
    pub(crate) fn finish<R: Into<Report>>(
        &mut self,
        score: impl Fn(SubmissionId, (u32, u32)) -> R,
        mut pick: impl FnMut(usize) -> (usize, i32),
    ) {
        for _ in 0..100_000 {
            if self.carry_on() {
                continue;
            }
            if self.tournament.state() == TournamentState::Completed {
                return;
            }
            let waiting = self.waiting();
            let (which, lost) = pick(waiting.len());
            let (run, who, block) = waiting[which % waiting.len()];
            self.run(run, lost, score(who, block).into());
        }
        panic!("the tournament does not end");
    }

    /// Plays to the end in the order in which runs were queued.
    pub(crate) fn play_out<R: Into<Report>>(
        &mut self,
        score: impl Fn(SubmissionId, (u32, u32)) -> R,
    ) {
        self.finish(score, |_| (0, 0));
    }

    /// Plays until `rounds` rounds are decided, or the end.
    pub(crate) fn play_rounds<R: Into<Report>>(
        &mut self,
        rounds: usize,
        score: impl Fn(SubmissionId, (u32, u32)) -> R,
    ) {
        while self.decisions().len() < rounds {
            if !self.carry_on() {
                self.play_runs(1, &score);
            }
        }
    }

    /// Plays `runs` of the runs that wait.
    pub(crate) fn play_runs<R: Into<Report>>(
        &mut self,
        runs: usize,
        score: impl Fn(SubmissionId, (u32, u32)) -> R,
    ) {
        for (run, who, block) in self.waiting().into_iter().take(runs) {
            self.run(run, 0, score(who, block).into());
        }
    }

    pub(crate) fn decisions(&self) -> Vec<Decision> {
        self.tournament
            .rounds()
            .iter()
            .filter_map(|round| round.decision.clone())
            .collect()
    }

    pub(crate) fn champion(&self) -> Option<usize> {
        assert_eq!(self.tournament.state(), TournamentState::Completed);
        self.tournament.champion().map(nth)
    }

    /// The record through JSON, as stored.
    pub(crate) fn stored(&self) -> Vec<Event> {
        let text = |event: &Event| serde_json::to_string(event).unwrap();
        self.log
            .iter()
            .map(|event| serde_json::from_str(&text(event)).unwrap())
            .collect()
    }

    /// Takes up the record where it ends: runs leased then are queued again.
    pub(crate) fn restarted(log: &[Event]) -> Self {
        let mut again = Self {
            tournament: Tournament::replay(log).unwrap(),
            log: log.to_vec(),
            next_run: 1_000_000,
        };
        if again.tournament.state() != TournamentState::Closed {
            return again;
        }
        let leased: BTreeMap<RunId, i32> = again
            .tournament
            .rounds()
            .iter()
            .flat_map(|round| &round.runs)
            .filter(|(_, run)| run.state == RunState::Leased)
            .map(|(id, run)| (*id, run.attempt))
            .collect();
        for (run, attempt) in leased {
            again.happens(Event::RunRequeued {
                run,
                attempt,
                reason: "restart".to_owned(),
            });
        }
        again
    }
}
