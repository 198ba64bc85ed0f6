//! Whether a runner does its part, and what is done about one that does not.
//!
//! A runner that fails leases fastest: it would burn everybody's attempts. So faults in a row
//! set it aside. After a pause it is on probation: one attempt at a time, until one ends with a
//! result; a fault before that doubles the pause.
//!
//! A run is charged an attempt only for a fault on a runner in good standing, and gets it back
//! if the fault turns out to be one of those for which the runner is set aside. A method that
//! faults wherever it runs must not set healthy runners aside: faults of a single method tell
//! of its runner only if the method had results elsewhere.

use std::time::Duration;

use gauntlet_domain::run::RunnerState;
use gauntlet_storage::leases::LostLease;
use gauntlet_storage::runner_health::{self, Standing};
use gauntlet_storage::{Conn, Error};

use crate::Context;
use crate::health_policy::HealthPolicy;

/// Why an attempt was lost, as far as its runner is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Something failed on its machine, or in executing the run.
    Machine,
    /// It could not get to the orchestrator for data or with the model, though it could for
    /// heartbeats.
    Unreachable,
    /// It fell silent, started again without giving the run back, or held it for too long.
    Lost,
    /// Nothing failed on its side: it is stopping, or nobody was there to hear it.
    Nothing,
}

/// What a lost attempt says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// Whether the run is allowed another attempt for it.
    pub(crate) forgiven: bool,
    /// Set its runner aside, for the so-many-th time in a row.
    set_aside: Option<(u32, String)>,
    /// How the runner stands now; none if as before.
    standing: Option<Standing>,
}

/// Weighs a lost attempt. Locks the runner.
pub(crate) async fn weigh(
    ctx: &Context,
    conn: &mut Conn,
    lost: &LostLease,
    cause: Cause,
) -> Result<Weighed, Error> {
    if cause == Cause::Nothing {
        return Ok(Weighed {
            forgiven: true,
            ..Weighed::default()
        });
    }
    let before = runner_health::lock(conn, lost.runner).await?;
    let policy = &ctx.policy;
    let alone = before.methods.iter().all(|method| *method == lost.method);
    let suspect = alone
        && before.faults.saturating_add(1) >= policy.health.faults
        && runner_health::passed_elsewhere(conn, lost.tournament, lost.method, lost.runner).await?;
    Ok(judge(
        policy.health,
        policy.lease,
        &before,
        lost,
        cause,
        suspect,
    ))
}

/// How a runner stands after a fault. `suspect`: the method has had results elsewhere, so that
/// it is hardly to blame.
fn judge(
    policy: HealthPolicy,
    lease: Duration,
    before: &Standing,
    lost: &LostLease,
    cause: Cause,
    suspect: bool,
) -> Weighed {
    let aside = before.state != RunnerState::Serving;
    // What was leased before it was set aside says nothing new; nor do the other leases of a
    // process that died.
    let same_death = cause == Cause::Lost
        && before
            .last_lost_at
            .is_some_and(|at| before.now - at < lease.saturating_mul(2));
    if before.state == RunnerState::SetAside || same_death {
        return Weighed {
            forgiven: aside,
            ..Weighed::default()
        };
    }
    let mut after = before.clone();
    after.faults = before.faults.saturating_add(1);
    if !after.methods.contains(&lost.method) && after.methods.len() < MOST_METHODS {
        after.methods.push(lost.method);
    }
    if cause == Cause::Lost {
        after.last_lost_at = Some(before.now);
    }
    let in_a_row = after.faults >= policy.faults && (after.methods.len() > 1 || suspect);
    let set_aside = (aside || in_a_row).then(|| {
        let times = before.times_set_aside.saturating_add(1);
        let because = if aside {
            format!(
                "a fault on probation, the {} in a row",
                ordinal(after.faults)
            )
        } else {
            format!("{} faults in a row", after.faults)
        };
        (times, because)
    });
    let forgiven = set_aside.is_some() || cause == Cause::Unreachable;
    if !forgiven && after.runs.len() < MOST_RUNS {
        after.runs.push(lost.run);
    }
    Weighed {
        forgiven,
        set_aside,
        standing: Some(after),
    }
}

/// More than one tells all there is to tell.
const MOST_METHODS: usize = 8;
/// More are not given back; a runner with a single method may fault for long.
const MOST_RUNS: usize = 64;

fn ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// Writes down what a lost attempt says of its runner, after the run was released.
pub(crate) async fn note(
    ctx: &Context,
    conn: &mut Conn,
    lost: &LostLease,
    weighed: &Weighed,
    words: &str,
) -> Result<(), Error> {
    let Some(standing) = &weighed.standing else {
        return Ok(());
    };
    let Some((times, because)) = &weighed.set_aside else {
        return runner_health::note_fault(conn, lost.runner, standing, words).await;
    };
    let owed = Standing {
        runs: Vec::new(),
        ..standing.clone()
    };
    runner_health::note_fault(conn, lost.runner, &owed, words).await?;
    let pause = ctx.policy.health.pause(*times);
    runner_health::set_aside(conn, lost.runner, *times, because, pause).await?;
    runner_health::refund(conn, lost.runner, &standing.runs).await?;
    tracing::warn!(
        runner = %lost.runner,
        because,
        last = words,
        seconds = pause.as_secs(),
        "a runner is set aside"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use gauntlet_domain::{RunId, RunnerId, SubmissionId, TournamentId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    const LEASE: Duration = Duration::from_secs(15);

    fn fresh() -> Standing {
        Standing {
            faults: 0,
            methods: vec![],
            runs: vec![],
            times_set_aside: 0,
            state: RunnerState::Serving,
            last_lost_at: None,
            now: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn lost(method: u128) -> LostLease {
        LostLease {
            run: RunId(Uuid::from_u128(method + 100)),
            attempt: 1,
            tournament: TournamentId(Uuid::nil()),
            method: SubmissionId(Uuid::from_u128(method)),
            runner: RunnerId(Uuid::nil()),
            attempts_left: true,
        }
    }

    fn fault(standing: &Standing, method: u128, suspect: bool) -> Weighed {
        let policy = HealthPolicy::default();
        judge(
            policy,
            LEASE,
            standing,
            &lost(method),
            Cause::Machine,
            suspect,
        )
    }

    /// After these faults: the last one weighed.
    fn after(methods: &[u128], suspect: bool) -> Weighed {
        let mut standing = fresh();
        let mut last = Weighed::default();
        for method in methods {
            last = fault(&standing, *method, suspect);
            standing = last.standing.clone().unwrap();
        }
        last
    }

    #[test]
    fn faults_of_several_methods_in_a_row_set_a_runner_aside_and_cost_nobody() {
        let second = after(&[1, 2], false);
        assert_eq!((second.forgiven, &second.set_aside), (false, &None));
        let third = after(&[1, 2, 1], false);
        assert_eq!(third.set_aside, Some((1, "3 faults in a row".to_owned())));
        assert!(third.forgiven);
        // What the first two were charged for is given back.
        assert_eq!(third.standing.unwrap().runs, [lost(1).run, lost(2).run]);
    }

    #[test]
    fn a_method_that_faults_everywhere_sets_no_runner_aside() {
        let tenth = after(&[1; 10], false);
        assert_eq!((tenth.forgiven, tenth.set_aside), (false, None));
        // But one that had results elsewhere does.
        assert!(after(&[1; 3], true).set_aside.is_some());
    }

    #[test]
    fn on_probation_one_fault_is_enough_and_what_came_before_says_nothing_new() {
        let on = |state| Standing {
            faults: 3,
            methods: vec![lost(1).method, lost(2).method],
            times_set_aside: 1,
            state,
            ..fresh()
        };
        let again = fault(&on(RunnerState::Probation), 3, false);
        let because = "a fault on probation, the 4th in a row".to_owned();
        assert_eq!(again.set_aside, Some((2, because)));
        assert!(again.forgiven);
        let late = fault(&on(RunnerState::SetAside), 3, false);
        assert_eq!(
            (late.forgiven, late.set_aside, late.standing),
            (true, None, None)
        );
    }

    #[test]
    fn a_process_that_dies_with_many_leases_died_once() {
        let policy = HealthPolicy::default();
        let first = judge(policy, LEASE, &fresh(), &lost(1), Cause::Lost, false);
        let once = first.standing.unwrap();
        assert_eq!(once.faults, 1);
        let second = judge(policy, LEASE, &once, &lost(2), Cause::Lost, false);
        assert_eq!((second.forgiven, second.standing), (false, None));
        let later = Standing {
            now: once.now + LEASE * 3,
            ..once
        };
        let third = judge(policy, LEASE, &later, &lost(2), Cause::Lost, false);
        assert_eq!(third.standing.unwrap().faults, 2);
    }

    #[test]
    fn who_cannot_fetch_its_data_counts_but_costs_the_run_nothing() {
        let policy = HealthPolicy::default();
        let weighed = judge(policy, LEASE, &fresh(), &lost(1), Cause::Unreachable, false);
        assert!(weighed.forgiven);
        assert_eq!(weighed.standing.unwrap().faults, 1);
    }
}
