//! The race: which methods do best on rows that were held out, within a time.
//!
//! Every method first trains a little on one fold, which tells how fast it works on these rows. Then
//! each gets the same time on that fold, and the better half of them all the folds. What a run may do
//! is metered work, worked out from the pace; the clock only ends the whole. So a slow machine gives
//! worse models and never late ones.

use std::time::{Duration, Instant};

use gauntlet_sandbox::Sandbox;
use tokio_util::sync::CancellationToken;

use crate::error::FitError;
use crate::execute::{Executor, Failed, Method, Ready};
use crate::raced::{Entrant, Finalist, Raced};
use crate::runs::{Course, Run};

/// Work of the first, small run, for each number of the train part.
const TASTE_PER_NUMBER: u64 = 200;
const LEAST_TASTE: u64 = 100_000_000;
const MOST_TASTE: u64 = 2_000_000_000;
/// Who has no model after a small run gets so many times the work.
const MORE: u64 = 8;
/// Share of the time that is for finding out who is worth more of it.
const SCOUTING: f64 = 0.3;
/// Share of the time in which runs end; the rest is for putting together and writing down.
const RUNS: f64 = 0.9;
/// A run that takes so many times what was worked out is broken off.
const OVERDUE: u32 = 4;
/// Methods that get all the folds.
const FINALISTS: usize = 4;
/// No run is given less.
const LEAST_WORK: u64 = 50_000_000;

/// What happens, for those who look on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Happened {
    /// A run has ended well.
    Scored {
        /// The method's name.
        method: String,
        /// Which fold, from 1.
        fold: usize,
        /// Value of the metric on the rows held out.
        value: f64,
        /// Whether it is one of the last runs, with all the time there is for it.
        is_final: bool,
    },
    /// A method is out of the race: why.
    Failed {
        /// Its name.
        method: String,
        /// Why, in one line.
        why: String,
    },
}

/// A race to be run.
pub(crate) struct Race<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) methods: &'a [Method],
    pub(crate) course: Course<'a>,
    pub(crate) began: Instant,
    pub(crate) stop: CancellationToken,
}

struct Candidate {
    ready: Ready,
    /// Metered work a second.
    pace: f64,
    /// Its run on the first fold.
    first: Option<Run>,
}

impl Race<'_> {
    pub(crate) async fn run(&self, happened: &mut dyn FnMut(Happened)) -> Result<Raced, FitError> {
        let cancel = self.stop.child_token();
        let ends = self.began + self.course.budget.mul_f64(RUNS);
        let guard = cancel.clone().drop_guard();
        let clock = tokio::spawn({
            let cancel = cancel.clone();
            async move {
                tokio::time::sleep_until(ends.into()).await;
                cancel.cancel();
            }
        });
        let executor = Executor {
            sandbox: self.sandbox,
            cancel,
            threads: 1,
        };
        let result = self.stages(&executor, ends, happened).await;
        clock.abort();
        drop(guard);
        result
    }

    async fn stages(
        &self,
        executor: &Executor<'_>,
        ends: Instant,
        happened: &mut dyn FnMut(Happened),
    ) -> Result<Raced, FitError> {
        let mut entrants: Vec<Entrant> = Vec::new();
        let mut candidates = self.taste(executor, &mut entrants, happened).await?;
        self.scout(executor, ends, &mut candidates, &mut entrants, happened)
            .await?;
        let loss = |candidate: &Candidate| {
            let value = candidate.first.as_ref().map_or(f64::NAN, |run| run.value);
            if self.course.metric.is_a_loss() {
                value
            } else {
                -value
            }
        };
        candidates.retain(|candidate| candidate.first.is_some());
        // Of equals the first that was named.
        candidates.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
        let most = candidates.len().div_ceil(2).clamp(1, FINALISTS);
        candidates.truncate(most);
        let (finalists, folds) = self.finals(executor, ends, candidates, happened).await?;
        if finalists.is_empty() {
            let failures = entrants
                .into_iter()
                .filter_map(|entrant| Some((entrant.name, entrant.failure?)))
                .collect();
            return Err(FitError::NoModel { failures });
        }
        Ok(Raced {
            finalists,
            entrants,
            folds,
        })
    }

    /// A small run of everybody on the first fold.
    async fn taste(
        &self,
        executor: &Executor<'_>,
        entrants: &mut Vec<Entrant>,
        happened: &mut dyn FnMut(Happened),
    ) -> Result<Vec<Candidate>, FitError> {
        let first = &self.course.folds[0];
        let work = (first.numbers * TASTE_PER_NUMBER).clamp(LEAST_TASTE, MOST_TASTE);
        let wall = self.course.budget.mul_f64(SCOUTING);
        let tasting = self.methods.iter().map(|method| async move {
            let ready = executor.prepare(method).await?;
            let mut work = work;
            loop {
                match self.course.one(executor, &ready, 0, work, wall).await {
                    // One that keeps nothing on the way may need more for its first model.
                    Err(Failed::OutOfWork) if work < MOST_TASTE * MORE => work *= MORE,
                    ended => return Ok((ready, ended?)),
                }
            }
        });
        let mut candidates = Vec::new();
        let name = |nth: usize| self.methods[nth].name.clone();
        let ended = self
            .course
            .at_once(tasting.collect(), |nth, ended| match ended {
                Ok((_, run)) => happened(Happened::Scored {
                    method: name(nth),
                    fold: 1,
                    value: run.value,
                    is_final: false,
                }),
                Err(Failed::Method(why)) => happened(Happened::Failed {
                    method: name(nth),
                    why: why.clone(),
                }),
                Err(Failed::Cancelled | Failed::OutOfWork | Failed::Ours(_)) => {}
            })
            .await;
        for (method, ended) in self.methods.iter().zip(ended) {
            let mut entrant = Entrant {
                name: method.name.clone(),
                first: None,
                failure: None,
            };
            match ended {
                Ok((ready, run)) => {
                    entrant.first = Some(run.value);
                    candidates.push(Candidate {
                        ready,
                        pace: run.work as f64 / run.seconds.max(1e-3),
                        first: Some(run),
                    });
                }
                Err(Failed::Method(why)) => entrant.failure = Some(why),
                Err(Failed::OutOfWork) => {
                    entrant.failure = Some("made no model with the work there was".to_owned());
                }
                Err(Failed::Cancelled) => {
                    entrant.failure = Some("the time was over".to_owned());
                }
                Err(Failed::Ours(error)) => return Err(error),
            }
            entrants.push(entrant);
        }
        Ok(candidates)
    }

    /// The same time for everybody on the first fold.
    async fn scout(
        &self,
        executor: &Executor<'_>,
        ends: Instant,
        candidates: &mut [Candidate],
        entrants: &mut [Entrant],
        happened: &mut dyn FnMut(Happened),
    ) -> Result<(), FitError> {
        let until = self.began + self.course.budget.mul_f64(SCOUTING);
        let left = until
            .saturating_duration_since(Instant::now())
            .as_secs_f64();
        let each = left * self.course.slots as f64 / candidates.len().max(1) as f64;
        let works: Vec<Option<u64>> = candidates
            .iter()
            .map(|candidate| {
                let work = work_in(each, candidate.pace);
                let done = candidate.first.as_ref().map_or(0, |run| run.work);
                // What would be little more than it has had is not worth a run.
                (work > done.saturating_mul(2)).then_some(work)
            })
            .collect();
        let wall = overdue(each, ends);
        let scouting = candidates
            .iter()
            .zip(&works)
            .map(|(candidate, work)| async move {
                match work {
                    Some(work) => self
                        .course
                        .one(executor, &candidate.ready, 0, *work, wall)
                        .await
                        .map(Some),
                    None => Ok(None),
                }
            });
        let ended = self
            .course
            .at_once(scouting.collect(), |nth, ended| {
                if let Ok(Some(run)) = ended {
                    happened(Happened::Scored {
                        method: candidates[nth].ready.name.clone(),
                        fold: 1,
                        value: run.value,
                        is_final: false,
                    });
                }
            })
            .await;
        for (candidate, ended) in candidates.iter_mut().zip(ended) {
            match ended {
                Ok(Some(run)) => {
                    candidate.pace = run.work as f64 / run.seconds.max(1e-3);
                    let name = &candidate.ready.name;
                    if let Some(entrant) = entrants.iter_mut().find(|it| it.name == *name) {
                        entrant.first = Some(run.value);
                    }
                    candidate.first = Some(run);
                }
                // What it did in its first run stands.
                Ok(None) | Err(Failed::Method(_) | Failed::OutOfWork | Failed::Cancelled) => {}
                Err(Failed::Ours(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// All folds for the best, as far as time reaches. Where it reaches for none, the best one's model
    /// of the first fold has to do.
    async fn finals(
        &self,
        executor: &Executor<'_>,
        ends: Instant,
        candidates: Vec<Candidate>,
        happened: &mut dyn FnMut(Happened),
    ) -> Result<(Vec<Finalist>, usize), FitError> {
        let left = ends.saturating_duration_since(Instant::now()).as_secs_f64();
        let runs = (candidates.len() * self.course.folds.len()).max(1);
        // A tenth of it goes for starting and predicting.
        let each = 0.9 * left * self.course.slots as f64 / runs as f64;
        let wall = overdue(each, ends);
        let mut jobs = Vec::new();
        for candidate in &candidates {
            let work = work_in(each, candidate.pace);
            for fold in 0..self.course.folds.len() {
                jobs.push((candidate, fold, work));
            }
        }
        let running = jobs.iter().map(|(candidate, fold, work)| async move {
            let has = candidate
                .first
                .as_ref()
                .filter(|run| *fold == 0 && run.work >= *work);
            match has {
                Some(run) => Ok(run.clone()),
                None => {
                    self.course
                        .one(executor, &candidate.ready, *fold, *work, wall)
                        .await
                }
            }
        });
        let ended = self
            .course
            .at_once(running.collect(), |nth, ended| {
                if let Ok(run) = ended {
                    let (candidate, fold, _) = &jobs[nth];
                    happened(Happened::Scored {
                        method: candidate.ready.name.clone(),
                        fold: fold + 1,
                        value: run.value,
                        is_final: true,
                    });
                }
            })
            .await;
        let mut ended = ended.into_iter();
        let mut finalists = Vec::new();
        for candidate in &candidates {
            let mut runs = Vec::new();
            for _ in self.course.folds {
                match ended.next() {
                    Some(Ok(run)) => runs.push(run),
                    Some(Err(Failed::Ours(error))) => return Err(error),
                    Some(Err(Failed::Method(_) | Failed::OutOfWork | Failed::Cancelled)) | None => {
                    }
                }
            }
            if runs.len() == self.course.folds.len() {
                finalists.push(self.finalist(&candidate.ready, runs));
            }
        }
        if !finalists.is_empty() {
            return Ok((finalists, self.course.folds.len()));
        }
        let best = candidates.into_iter().next();
        let first = best.and_then(|best| Some((best.ready, best.first?)));
        let finalists = first.map(|(ready, run)| self.finalist(&ready, vec![run]));
        Ok((finalists.into_iter().collect(), 1))
    }

    fn finalist(&self, ready: &Ready, runs: Vec<Run>) -> Finalist {
        let width = self.course.folds[0].target.width();
        let mut held_out = vec![f64::NAN; self.course.truth.len() * width];
        for (run, fold) in runs.iter().zip(self.course.folds) {
            for (said, row) in run.predictions.chunks(width).zip(&fold.held_out) {
                held_out[row * width..(row + 1) * width].copy_from_slice(said);
            }
        }
        Finalist {
            name: ready.name.clone(),
            work: runs.iter().map(|run| run.work).max().unwrap_or(0),
            values: runs.iter().map(|run| run.value).collect(),
            models: runs.into_iter().map(|run| run.model).collect(),
            held_out,
        }
    }
}

fn work_in(seconds: f64, pace: f64) -> u64 {
    ((seconds * pace) as u64).max(LEAST_WORK)
}

/// When a run that was to take so long is broken off, or everything ends.
fn overdue(seconds: f64, ends: Instant) -> Duration {
    let most = ends.saturating_duration_since(Instant::now());
    let overdue = Duration::from_secs_f64(seconds.max(0.5)) * OVERDUE;
    overdue.min(most.max(Duration::from_millis(1)))
}
