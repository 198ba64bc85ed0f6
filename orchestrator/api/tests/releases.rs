//! Programs of different releases speak with each other: what the last release wrote is read
//! today, and what it looks for is still written.
//!
//! `released/VERSION` has every message as that release wrote it; nothing in there changes. With a
//! release, the present snapshots become a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../sandbox-runner/protocol/tests/comparing/mod.rs"]
mod comparing;

use comparing::{LATER, Reader, reader, today, with_more};
use gauntlet_api::{
    ArchiveEntry, AttemptState, ChangeEvent, ChangeShare, CollectGarbage, Direction, Disqualify,
    Health, List, NewSeries, NewTask, NewToken, NewTournament, Problem, Ratings, Receipt, Record,
    Rejudge, Rejudged, Retry, RoundState, Run, RunState, Runner, Series, Swept, Task, Token,
    TokenInfo, TokenScope, Tournament, TournamentState, TournamentSummary, Verdict, WithReason,
};

/// Who writes a message.
#[derive(Clone, Copy)]
enum Side {
    /// The server; clients of any release read it.
    Answer,
    /// A client.
    Request,
}

/// What each file in `released` and in `snapshots` is.
const MESSAGES: &[(&str, Reader, Side)] = &[
    ("archive_entry", reader::<ArchiveEntry>, Side::Answer),
    ("attempt_states", reader::<Vec<AttemptState>>, Side::Answer),
    ("change_event", reader::<ChangeEvent>, Side::Answer),
    ("change_share", reader::<ChangeShare>, Side::Request),
    ("collect_garbage", reader::<CollectGarbage>, Side::Request),
    ("directions", reader::<Vec<Direction>>, Side::Answer),
    ("disqualify", reader::<Disqualify>, Side::Request),
    ("health", reader::<Health>, Side::Answer),
    ("new_series", reader::<NewSeries>, Side::Request),
    ("new_task", reader::<NewTask>, Side::Request),
    ("new_task_bare", reader::<NewTask>, Side::Request),
    ("new_token", reader::<NewToken>, Side::Request),
    ("new_token_of_an_account", reader::<NewToken>, Side::Request),
    ("new_tournament", reader::<NewTournament>, Side::Request),
    (
        "new_tournament_bare",
        reader::<NewTournament>,
        Side::Request,
    ),
    ("problem", reader::<Problem>, Side::Answer),
    ("problem_bare", reader::<Problem>, Side::Answer),
    ("ratings", reader::<Ratings>, Side::Answer),
    ("receipt", reader::<Receipt>, Side::Answer),
    ("receipt_with_notes", reader::<Receipt>, Side::Answer),
    ("record", reader::<Record>, Side::Answer),
    ("rejudge", reader::<Rejudge>, Side::Request),
    ("rejudge_bare", reader::<Rejudge>, Side::Request),
    ("rejudged", reader::<Rejudged>, Side::Answer),
    ("retry", reader::<Retry>, Side::Request),
    ("round_states", reader::<Vec<RoundState>>, Side::Answer),
    ("run", reader::<Run>, Side::Answer),
    ("run_bare", reader::<Run>, Side::Answer),
    ("run_states", reader::<Vec<RunState>>, Side::Answer),
    ("runner", reader::<Runner>, Side::Answer),
    ("runner_set_aside", reader::<Runner>, Side::Answer),
    ("series", reader::<Series>, Side::Answer),
    ("swept", reader::<Swept>, Side::Answer),
    ("task", reader::<Task>, Side::Answer),
    ("task_bare", reader::<Task>, Side::Answer),
    ("token", reader::<Token>, Side::Answer),
    ("token_info", reader::<TokenInfo>, Side::Answer),
    ("token_scopes", reader::<Vec<TokenScope>>, Side::Answer),
    ("tournament", reader::<Tournament>, Side::Answer),
    ("tournament_bare", reader::<Tournament>, Side::Answer),
    (
        "tournament_list",
        reader::<List<TournamentSummary>>,
        Side::Answer,
    ),
    (
        "tournament_states",
        reader::<Vec<TournamentState>>,
        Side::Answer,
    ),
    ("verdicts", reader::<Vec<Verdict>>, Side::Answer),
    ("with_reason", reader::<WithReason>, Side::Request),
];

#[test]
fn every_message_is_in_the_table() {
    comparing::are_all(MESSAGES.iter().map(|(name, ..)| *name));
}

#[test]
fn what_the_last_release_wrote_is_read() {
    comparing::what_was_written_is_read(MESSAGES.iter().map(|(name, read, ..)| (*name, *read)));
}

#[test]
fn what_the_last_release_looks_for_is_written() {
    comparing::what_was_looked_for_is_written();
}

/// A later release says more than is known today: in an answer it is passed over, anywhere; in a
/// request it would be something that is asked for and not done.
#[test]
fn what_is_not_known_is_passed_over_in_answers_and_refused_in_requests() {
    for (name, read, side) in MESSAGES {
        let known = &today()[*name];
        match side {
            // What is shown as it is kept.
            Side::Answer => {
                let newer = with_more(known, &["info", "rules", "data", "event"]);
                assert_eq!(read(newer).as_ref(), Ok(known), "{name}");
            }
            Side::Request => {
                let mut newer = known.clone();
                newer[LATER] = true.into();
                let error = read(newer).unwrap_err();
                assert!(error.contains(LATER), "{name}: {error}");
            }
        }
    }
}

/// What is in requests and answers alike.
#[test]
fn what_is_not_known_within_a_request_is_refused() {
    for (name, part) in [
        ("new_task", "metric"),
        ("new_task", "budget"),
        ("new_tournament", "share"),
    ] {
        let (.., read, _) = MESSAGES.iter().find(|(known, ..)| *known == name).unwrap();
        let mut newer = today()[name].clone();
        assert!(newer[part].is_object(), "{name} has a {part}");
        newer[part][LATER] = true.into();
        let error = read(newer).unwrap_err();
        assert!(error.contains(LATER), "{name}.{part}: {error}");
    }
}
