//! A method that no runner can run is set aside as such, and its round goes on.

use gauntlet_domain::record::{Event, audit};
use gauntlet_domain::run::{RunState, Verdict};
use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{RunId, RunnerId};
use uuid::Uuid;

use crate::support::{
    CHAMPION, Game, by_number, completed, defended, every_format, halving, nth, submission,
};

const ONE: RunnerId = RunnerId(Uuid::from_u128(1));
const OTHER: RunnerId = RunnerId(Uuid::from_u128(2));

fn set_aside(method: usize, runners: &[RunnerId]) -> Event {
    Event::MethodSetAside {
        submission: submission(method),
        runners: runners.to_vec(),
        reason: "it faulted on one and other".to_owned(),
    }
}

fn leased(run: RunId, attempt: i32, runner: RunnerId) -> Event {
    Event::RunLeased {
        run,
        attempt,
        runner,
    }
}

/// A first round in which everybody's runs passed but those of `method`, of which one is stuck
/// after both runners lost it.
fn stuck(mut game: Game, method: usize) -> Game {
    game.carry_on();
    let mut turn = 0;
    for (run, who, block) in game.waiting() {
        if nth(who) == method {
            continue;
        }
        turn += 1;
        game.happens(leased(run, 1, if turn % 2 == 0 { ONE } else { OTHER }));
        game.happens(Event::RunDone {
            run,
            attempt: 1,
            outcome: by_number(who, block),
            model: None,
            to_target: None,
        });
    }
    let (run, _, _) = game.waiting()[0];
    let reason = || "the worker died".to_owned();
    game.happens(leased(run, 1, ONE));
    game.happens(Event::RunRequeued {
        run,
        attempt: 1,
        reason: reason(),
    });
    game.happens(leased(run, 2, OTHER));
    game.happens(Event::RunStuck {
        run,
        attempt: 2,
        reason: reason(),
    });
    game
}

#[test]
fn the_round_goes_on_without_it_and_the_audit_agrees() {
    for rules in every_format() {
        let format = rules.clone();
        let mut game = stuck(Game::closed(defended(rules), 6), 4);
        assert!(!game.carry_on(), "a round with a stuck run waits");
        game.happens(set_aside(4, &[ONE, OTHER]));
        game.play_out(|who, block| match nth(who) {
            CHAMPION => completed(0.2),
            _ => by_number(who, block),
        });
        let runs = || {
            game.tournament
                .rounds()
                .iter()
                .flat_map(|round| &round.runs)
        };
        for (_, run) in runs().filter(|(_, run)| nth(run.submission) == 4) {
            // Called off, without a verdict.
            assert_eq!((run.state, run.outcome), (RunState::Void, None));
        }
        assert!(runs().all(|(_, run)| {
            run.outcome
                .is_none_or(|outcome| outcome.verdict() == Verdict::Completed)
        }));
        assert_eq!(game.champion(), Some(5), "{format:?}");
        let record = game.stored();
        assert_eq!(Tournament::replay(&record).unwrap(), game.tournament);
        assert_eq!(audit(&record).differences, []);
    }
}

#[test]
fn one_runner_or_a_method_that_is_not_stuck_or_defends_is_no_reason() {
    let game = stuck(Game::closed(defended(halving()), 6), 4);
    for event in [
        set_aside(4, &[ONE]),
        set_aside(4, &[ONE, ONE]),
        set_aside(3, &[ONE, OTHER]),
        set_aside(CHAMPION, &[ONE, OTHER]),
        set_aside(77, &[ONE, OTHER]),
    ] {
        game.refuses(&event);
    }
    let mut again = game.clone();
    again.happens(set_aside(4, &[ONE, OTHER]));
    again.refuses(&set_aside(4, &[ONE, OTHER]));
}

#[test]
fn the_audit_finds_runners_that_lost_nothing_of_it() {
    let stranger = RunnerId(Uuid::from_u128(3));
    let mut game = stuck(Game::closed(halving(), 6), 4);
    game.happens(set_aside(4, &[ONE, stranger]));
    game.play_out(by_number);
    let found = audit(&game.stored());
    assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
    assert!(found.differences[0].what.contains("runners"));
}
