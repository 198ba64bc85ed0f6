//! Every request and answer of the public API as it stands on the wire. Programs of other
//! people read these: a snapshot may gain a field, and lose or change none within `/api/v1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gauntlet_api::{
    ArchiveEntry, Attempt, AttemptState, Block, Budget, Champion, ChangeEvent, ChangeShare,
    CheckpointScore, CollectGarbage, Comparison, CurvePoint, Cut, CutLine, Direction, Disqualify,
    Health, Heat, List, Meters, Method, Metric, Move, NewSeries, NewTask, NewToken, NewTournament,
    Numbers, Pile, Problem, Rating, RatingStep, Ratings, Receipt, Record, RecordedEvent, Rejudge,
    Rejudged, Retry, Round, RoundState, Run, RunCell, RunState, Runner, RunnerState, Series,
    SeriesTournament, Share, Standing, Swept, Task, Title, Token, TokenInfo, TokenScope,
    Tournament, TournamentState, TournamentSummary, Verdict, WithReason,
};
use gauntlet_test_support::Description;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

/// The written form, and that it is read as what it was written from.
fn pinned<T>(name: &str, shape: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + ToSchema,
{
    pinned_as(&T::name(), name, shape);
}

/// The same of what the description calls by another name than the code.
fn pinned_as<T>(described: &str, name: &str, shape: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    insta::assert_json_snapshot!(name, shape);
    let written = serde_json::to_value(shape).unwrap();
    let misfits = Description::committed().misfits(described, &written);
    assert!(
        misfits.is_empty(),
        "the description says otherwise: {misfits:#?}"
    );
    let text = serde_json::to_string(shape).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), shape);
}

/// The same of all the words of a kind.
fn each_pinned<T>(name: &str, all: &[T])
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + ToSchema,
{
    insta::assert_json_snapshot!(name, all);
    let text = serde_json::to_string(all).unwrap();
    assert_eq!(serde_json::from_str::<Vec<T>>(&text).unwrap(), all);
    let description = Description::committed();
    for one in all {
        let misfits = description.misfits(&T::name(), &serde_json::to_value(one).unwrap());
        assert!(
            misfits.is_empty(),
            "the description says otherwise: {misfits:#?}"
        );
    }
}

/// A body with a field that nobody knows is refused.
fn strict<T: Serialize + DeserializeOwned>(shape: &T) {
    let mut body = serde_json::to_value(shape).unwrap();
    body["no_such_field"] = json!(1);
    assert!(serde_json::from_value::<T>(body).is_err());
}

/// What is left out of an answer of an earlier release is read as the default.
fn read_without<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    shape: &T,
    fields: &[&str],
) {
    let mut old = serde_json::to_value(shape).unwrap();
    for field in fields {
        old.as_object_mut().unwrap().remove(*field);
    }
    assert_eq!(&serde_json::from_value::<T>(old).unwrap(), shape);
}

const ID: Uuid = Uuid::from_u128(0x0192_f3a4_5b6c_7d8e_9fa0_b1c2_d3e4_f506);

fn digest(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// So many seconds after noon.
fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_750_000_000).unwrap()
        + Duration::seconds(seconds)
        + Duration::microseconds(250)
}

fn bits_per_byte() -> Metric {
    Metric {
        name: "bits per byte".to_owned(),
        unit: Some("bit".to_owned()),
        better: Direction::Lower,
        best: 0.0,
        miss: 8.0,
    }
}

const BUDGET: Budget = Budget {
    work: 1_000_000_000,
    predict_share_percent: 20,
    wall_seconds: 60,
    tensor_bytes: 1 << 28,
    guest_bytes: 1 << 26,
    output_bytes: 1 << 24,
};

const METERS: Meters = Meters {
    work: 1_900_000,
    flops: 1_200_000,
    bytes_moved: 700_000,
    operations: 480,
    batches: 12,
    peak_tensor_bytes: 3 << 20,
    wall_micros: 234_567,
};

fn task() -> Task {
    Task {
        private: false,
        name: "digits".to_owned(),
        title: "Handwritten digits".to_owned(),
        description: "Which digit is it?".to_owned(),
        licence: "CC-BY-4.0".to_owned(),
        info: json!({ "name": "digits", "kind": "anything" }),
        budget: BUDGET,
        metric: bits_per_byte(),
        target: Some(2.5),
        train: digest('a'),
        base: Some(digest('b')),
        created_at: at(0),
    }
}

fn new_task() -> NewTask {
    NewTask {
        name: "digits".to_owned(),
        title: "Handwritten digits".to_owned(),
        description: "Which digit is it?".to_owned(),
        licence: "CC-BY-4.0".to_owned(),
        info: json!({ "name": "digits", "kind": "anything" }),
        budget: BUDGET,
        metric: bits_per_byte(),
        target: Some(2.5),
        base: Some(digest('b')),
        train: digest('a'),
        hidden_inputs: digest('c'),
        hidden_labels: digest('d'),
        private: false,
    }
}

fn numbers() -> Numbers {
    Numbers {
        common_blocks: 6,
        effect: 0.125,
        interval: Some([0.0625, 0.1875]),
        p_value: Some(0.015625),
        holm_p_value: Some(0.03125),
        flip_blocks: Some(4),
    }
}

fn standing() -> Standing {
    Standing {
        rank: 1,
        method: "tiny-mlp".to_owned(),
        mean: 0.75,
        standard_error: Some(0.0625),
        blocks: 3,
        faults: 1,
        cut_after: Some(2),
        points: Some(1.5),
        estimate: Some(0.75),
        p_best: Some(0.5),
    }
}

fn bare_standing() -> Standing {
    Standing {
        standard_error: None,
        cut_after: None,
        points: None,
        estimate: None,
        p_best: None,
        ..standing()
    }
}

fn round() -> Round {
    let block = Block {
        number: 1,
        seed: "00000000000000ff".to_owned(),
        task: Some("digits".to_owned()),
        voided: true,
        again: Some(1),
        half: true,
    };
    let bare_block = Block {
        number: 2,
        task: None,
        voided: false,
        again: None,
        half: false,
        ..block.clone()
    };
    let cell = RunCell {
        run: ID,
        method: "tiny-mlp".to_owned(),
        block: 1,
        state: RunState::Done,
        attempt: 2,
        progress: 1.0,
        verdict: Some(Verdict::Completed),
        score: Some(0.75),
        model: Some(digest('1')),
    };
    let bare_cell = RunCell {
        state: RunState::Queued,
        attempt: 0,
        progress: 0.0,
        verdict: None,
        score: None,
        model: None,
        ..cell.clone()
    };
    Round {
        number: 1,
        state: RoundState::Completed,
        note: Some("one line".to_owned()),
        blocks: vec![block, bare_block],
        heats: vec![Heat {
            methods: vec!["tiny-mlp".to_owned(), "linear".to_owned()],
            blocks: vec![1, 2],
        }],
        runs: vec![cell, bare_cell],
        standings: vec![standing(), bare_standing()],
        cut: Some(Cut {
            kept: vec!["tiny-mlp".to_owned()],
            dropped: vec!["linear".to_owned()],
            line: Some(CutLine {
                kept: "tiny-mlp".to_owned(),
                dropped: "linear".to_owned(),
            }),
            common_blocks: 6,
            effect: Some(0.125),
            standard_error: Some(0.0625),
            interval: Some([0.0625, 0.1875]),
            p_value: Some(0.015625),
            flip_blocks: Some(4),
            comparisons: vec![Comparison {
                kept: "tiny-mlp".to_owned(),
                dropped: "linear".to_owned(),
                numbers: numbers(),
            }],
            friedman: Some(0.25),
            title: Some(Title {
                defender: "linear".to_owned(),
                challenger: "tiny-mlp".to_owned(),
                dethroned: true,
                numbers: numbers(),
            }),
        }),
    }
}

fn bare_round() -> Round {
    Round {
        state: RoundState::Running,
        note: None,
        heats: Vec::new(),
        cut: Some(Cut {
            kept: Vec::new(),
            dropped: Vec::new(),
            line: None,
            common_blocks: 0,
            effect: None,
            standard_error: None,
            interval: None,
            p_value: None,
            flip_blocks: None,
            comparisons: Vec::new(),
            friedman: None,
            title: None,
        }),
        ..round()
    }
}

fn tournament() -> Tournament {
    Tournament {
        private: false,
        name: "cup".to_owned(),
        task: "digits".to_owned(),
        more_tasks: vec!["letters".to_owned()],
        metric: Metric::default(),
        state: TournamentState::Completed,
        rules: json!({ "format": "halving", "rungs": 2 }),
        nonce_digest: Some(digest('a')),
        nonce: Some(digest('b')),
        seed: Some(digest('c')),
        created_at: at(0),
        series: Some("weekly".to_owned()),
        closes_at: Some(at(60)),
        completed_at: Some(at(120)),
        methods: vec![
            Method {
                name: "tiny-mlp".to_owned(),
                digest: digest('d'),
                cut_after: Some(1),
                defender: true,
                disqualified: Some("it copied".to_owned()),
                set_aside: None,
            },
            Method {
                name: "linear".to_owned(),
                digest: digest('e'),
                cut_after: None,
                defender: false,
                disqualified: None,
                set_aside: Some("its runs faulted on the runners a and b".to_owned()),
            },
        ],
        rounds: vec![round(), bare_round()],
        standings: vec![standing()],
        champion: Some(Champion {
            method: "tiny-mlp".to_owned(),
            archive: Some(ID),
            withdrawn: Some("disqualified in cup: a copy".to_owned()),
            defended: true,
            score: 0.75,
        }),
        note: Some("the data were wrong".to_owned()),
        paused: Some("a fire".to_owned()),
        share: Share {
            priority: 2,
            weight: 3,
        },
        rejudged: Some("the data were wrong".to_owned()),
        waiting: vec!["8 runs wait for a runner that takes images".to_owned()],
        rounded: false,
    }
}

fn run() -> Run {
    let attempt = Attempt {
        number: 1,
        runner: "local-1".to_owned(),
        state: AttemptState::Faulted,
        reason: Some("disk full".to_owned()),
        started_at: at(0),
        ended_at: Some(at(60)),
    };
    let now = Attempt {
        number: 2,
        state: AttemptState::Leased,
        reason: None,
        ended_at: None,
        ..attempt.clone()
    };
    Run {
        id: ID,
        tournament: "cup".to_owned(),
        task: "digits".to_owned(),
        metric: Metric::default(),
        method: "tiny-mlp".to_owned(),
        digest: digest('d'),
        round: 1,
        block: 2,
        seed: "00000000000000ff".to_owned(),
        state: RunState::Done,
        progress: 1.0,
        verdict: Some(Verdict::Completed),
        score: Some(0.75),
        model: Some(digest('1')),
        detail: Some("one line".to_owned()),
        train: Some(METERS),
        predict: Some(Meters::default()),
        curve: vec![
            CurvePoint {
                step: 10,
                name: "loss".to_owned(),
                value: Some(1.5),
            },
            CurvePoint {
                step: 20,
                name: "loss".to_owned(),
                value: None,
            },
        ],
        probes: vec![CheckpointScore {
            fraction: 0.25,
            work: 475_000,
            score: 0.5,
        }],
        to_target: Some(475_000.0),
        attempts: vec![attempt, now],
        rounded: false,
    }
}

fn series() -> Series {
    Series {
        private: false,
        name: "weekly".to_owned(),
        task: "digits".to_owned(),
        more_tasks: vec!["letters".to_owned()],
        rules: json!({ "format": "racing" }),
        calendar: "0 9 * * MON".to_owned(),
        open_seconds: 86_400,
        next_at: Some(at(0)),
        fresh_hidden_part: false,
        last_number: 3,
        tournaments: vec![
            SeriesTournament {
                name: "weekly-3".to_owned(),
                state: TournamentState::Open,
                champion: Some("tiny-mlp".to_owned()),
                opened_at: Some(at(0)),
                closes_at: Some(at(60)),
            },
            SeriesTournament {
                name: "weekly-2".to_owned(),
                state: TournamentState::Draft,
                champion: None,
                opened_at: None,
                closes_at: None,
            },
        ],
        created_at: at(0),
        ended_at: Some(at(120)),
    }
}

#[test]
fn tasks() {
    pinned("task", &task());
    let bare = Task {
        metric: Metric::default(),
        target: None,
        base: None,
        ..task()
    };
    pinned("task_bare", &bare);
    read_without(&bare, &["metric"]);
    pinned("new_task", &new_task());
    strict(&new_task());
    let bare = NewTask {
        metric: Metric::default(),
        target: None,
        base: None,
        ..new_task()
    };
    pinned("new_task_bare", &bare);
    read_without(&bare, &["metric", "base"]);
    strict(&BUDGET);
    strict(&bits_per_byte());
}

#[test]
fn tournaments() {
    pinned("tournament", &tournament());
    let bare = Tournament {
        more_tasks: Vec::new(),
        state: TournamentState::Draft,
        share: Share::default(),
        nonce_digest: None,
        nonce: None,
        seed: None,
        series: None,
        closes_at: None,
        completed_at: None,
        methods: Vec::new(),
        rounds: Vec::new(),
        standings: Vec::new(),
        champion: None,
        note: None,
        paused: None,
        rejudged: None,
        waiting: Vec::new(),
        rounded: false,
        ..tournament()
    };
    pinned("tournament_bare", &bare);
    read_without(&bare, &["metric"]);
    let new = NewTournament {
        name: "cup".to_owned(),
        task: "digits".to_owned(),
        more_tasks: vec!["letters".to_owned()],
        rules: Some(json!({ "format": "halving" })),
        seed: Some(7),
        share: Share {
            priority: -1,
            weight: 3,
        },
        private: false,
    };
    pinned("new_tournament", &new);
    strict(&new);
    pinned(
        "new_tournament_bare",
        &NewTournament {
            more_tasks: Vec::new(),
            rules: None,
            seed: None,
            share: Share::default(),
            ..new
        },
    );
    pinned_as(
        "List_TournamentSummary",
        "tournament_list",
        &List {
            items: vec![TournamentSummary {
                private: false,
                name: "cup".to_owned(),
                task: "digits".to_owned(),
                state: TournamentState::Closed,
                methods: 2,
                runs_done: 3,
                runs_total: 6,
                champion: Some("tiny-mlp".to_owned()),
                created_at: at(0),
            }],
            next: Some("00ff".to_owned()),
        },
    );
}

#[test]
fn the_organisers_commands() {
    let body = Disqualify {
        method: "tiny-mlp".to_owned(),
        reason: "it copied".to_owned(),
    };
    pinned("disqualify", &body);
    strict(&body);
    let body = WithReason {
        reason: "a fire".to_owned(),
    };
    pinned("with_reason", &body);
    strict(&body);
    let body = ChangeShare {
        priority: Some(-1),
        weight: Some(3),
        reason: "the title's round".to_owned(),
    };
    pinned("change_share", &body);
    strict(&body);
    read_without(
        &ChangeShare {
            priority: None,
            weight: None,
            ..body
        },
        &[],
    );
    let body = Retry { round: Some(2) };
    pinned("retry", &body);
    strict(&body);
    read_without(&Retry::default(), &[]);
    let body = Rejudge {
        changes: json!({ "disqualified": ["tiny-mlp"] }),
        reason: Some("it copied".to_owned()),
        apply: true,
    };
    pinned("rejudge", &body);
    strict(&body);
    let body = Rejudge {
        reason: None,
        apply: false,
        ..body
    };
    pinned("rejudge_bare", &body);
    read_without(&body, &["apply"]);
    pinned(
        "rejudged",
        &Rejudged {
            applied: true,
            champion_before: Some("tiny-mlp".to_owned()),
            champion: None,
            moves: vec![Move {
                method: "tiny-mlp".to_owned(),
                before: Some(1),
                after: None,
            }],
            cut_too_early: vec![("linear".to_owned(), 1)],
            kept_too_long: vec![("tiny-mlp".to_owned(), 2)],
        },
    );
    let body = CollectGarbage { dry_run: true };
    pinned("collect_garbage", &body);
    strict(&body);
    read_without(&CollectGarbage::default(), &["dry_run"]);
    let pile = |count| Pile {
        count,
        bytes: count << 20,
    };
    pinned(
        "swept",
        &Swept {
            dry_run: true,
            blobs: pile(40),
            set_aside: pile(3),
            waiting: pile(2),
            removed: pile(5),
            brought_back: pile(1),
            halves: pile(4),
            grace_seconds: 86_400,
        },
    );
    let body = NewToken {
        scope: TokenScope::Miner,
        note: "for the lab".to_owned(),
        account: None,
        lifetime_seconds: None,
    };
    pinned("new_token", &body);
    strict(&body);
    let body = NewToken {
        account: Some("ada".to_owned()),
        lifetime_seconds: Some(3600),
        ..body
    };
    pinned("new_token_of_an_account", &body);
    pinned(
        "token",
        &Token {
            id: Uuid::from_u128(1),
            token: "gnt_miner_00".to_owned(),
            scope: TokenScope::Miner,
            account: "ada".to_owned(),
        },
    );
    pinned(
        "token_info",
        &TokenInfo {
            id: Uuid::from_u128(1),
            note: "for the lab".to_owned(),
            scope: TokenScope::Reader,
            account: "ada".to_owned(),
            role: "reader".to_owned(),
            usable: false,
            created_at: OffsetDateTime::UNIX_EPOCH,
            expires_at: Some(OffsetDateTime::UNIX_EPOCH + Duration::hours(1)),
            last_used_at: Some(OffsetDateTime::UNIX_EPOCH),
            revoked_at: None,
        },
    );
}

#[test]
fn runs() {
    pinned("run", &run());
    let bare = Run {
        state: RunState::Queued,
        progress: 0.0,
        verdict: None,
        score: None,
        model: None,
        detail: None,
        train: None,
        predict: None,
        curve: Vec::new(),
        probes: Vec::new(),
        to_target: None,
        attempts: Vec::new(),
        rounded: true,
        ..run()
    };
    pinned("run_bare", &bare);
    read_without(&bare, &["metric", "probes", "to_target"]);
}

#[test]
fn everything_else() {
    pinned("series", &series());
    let new = NewSeries {
        name: "weekly".to_owned(),
        task: "digits".to_owned(),
        more_tasks: vec!["letters".to_owned()],
        rules: Some(json!({ "format": "racing" })),
        calendar: "0 9 * * MON".to_owned(),
        open_seconds: 86_400,
        private: false,
    };
    pinned("new_series", &new);
    strict(&new);
    pinned(
        "ratings",
        &Ratings {
            task: "digits".to_owned(),
            tournaments: 1,
            next: None,
            methods: vec![Rating {
                place: 1,
                method: "tiny-mlp".to_owned(),
                digest: digest('d'),
                rating: 25.0,
                uncertainty: 8.25,
                at_least: 0.25,
                titles: 1,
                history: vec![RatingStep {
                    tournament: "cup".to_owned(),
                    ended_at: at(0),
                    place: 1,
                    of: 2,
                    champion: true,
                    rating: 25.0,
                    uncertainty: 8.25,
                }],
            }],
        },
    );
    let receipt = Receipt {
        submission: ID,
        tournament: "cup".to_owned(),
        method: "tiny-mlp".to_owned(),
        digest: digest('d'),
        bytes: 1024,
        submitted_at: at(0),
        notes: vec![],
    };
    pinned("receipt", &receipt);
    read_without(&receipt, &["notes"]);
    let notes = vec!["left out of the image: VOLUME".to_owned()];
    pinned("receipt_with_notes", &Receipt { notes, ..receipt });
    let entry = ArchiveEntry {
        id: ID,
        aliases: vec!["digits@champion".to_owned()],
        withdrawn: Some("disqualified in cup: a copy".to_owned()),
        task: "digits".to_owned(),
        tournament: "cup".to_owned(),
        method: "tiny-mlp".to_owned(),
        lane: "wasm".to_owned(),
        module: digest('d'),
        module_bytes: 1024,
        model: digest('1'),
        model_bytes: 2048,
        metric: Metric::default(),
        score: 0.75,
        blocks: 3,
        run: ID,
        card: "---\nmethod: tiny-mlp\n---\n".to_owned(),
        created_at: at(0),
    };
    pinned("archive_entry", &entry);
    read_without(&entry, &["lane", "metric"]);
    let runner = Runner {
        id: ID,
        name: "local-1".to_owned(),
        class: "cpu-2".to_owned(),
        version: "0.1.0".to_owned(),
        last_seen_at: at(0),
        alive: true,
        state: RunnerState::Serving,
        set_aside_because: None,
        set_aside_until: None,
        last_fault: None,
    };
    pinned("runner", &runner);
    read_without(&runner, &["state"]);
    pinned(
        "runner_set_aside",
        &Runner {
            state: RunnerState::SetAside,
            set_aside_because: Some("3 faults in a row".to_owned()),
            set_aside_until: Some(at(30)),
            last_fault: Some("the disk is full".to_owned()),
            ..runner
        },
    );
    pinned(
        "record",
        &Record {
            chain: ID.to_string(),
            head: digest('2'),
            length: 1,
            events: vec![RecordedEvent {
                seq: 1,
                at_micros: 1_750_000_000_000_000,
                body: "{}".to_owned(),
                previous: digest('0'),
                digest: digest('2'),
                actor: Some("ada".to_owned()),
            }],
        },
    );
    pinned(
        "change_event",
        &ChangeEvent {
            tournament: "cup".to_owned(),
            version: 7,
            finished: true,
        },
    );
    pinned(
        "health",
        &Health {
            status: "ok".to_owned(),
            version: "0.1.0".to_owned(),
        },
    );
    let problem = Problem {
        kind: "urn:gauntlet:problem:invalid-request".to_owned(),
        title: "Invalid request".to_owned(),
        status: 400,
        detail: "this is too long to wait".to_owned(),
        field: Some("body.wait_seconds".to_owned()),
        limit: Some("30 seconds".to_owned()),
        found: Some("31 seconds".to_owned()),
        help: "ask again after each 204".to_owned(),
        request_id: Some(ID.to_string()),
    };
    pinned("problem", &problem);
    pinned(
        "problem_bare",
        &Problem {
            field: None,
            limit: None,
            found: None,
            request_id: None,
            ..problem
        },
    );
}

#[test]
fn names() {
    each_pinned(
        "verdicts",
        &[
            Verdict::Completed,
            Verdict::BudgetExceeded,
            Verdict::MemoryExceeded,
            Verdict::MethodFailed,
            Verdict::InvalidPredictions,
            Verdict::Stopped,
        ],
    );
    each_pinned(
        "run_states",
        &[
            RunState::Queued,
            RunState::Leased,
            RunState::Done,
            RunState::Stuck,
            RunState::Void,
        ],
    );
    each_pinned(
        "tournament_states",
        &[
            TournamentState::Draft,
            TournamentState::Open,
            TournamentState::Closed,
            TournamentState::Completed,
            TournamentState::Cancelled,
        ],
    );
    each_pinned(
        "round_states",
        &[
            RoundState::Running,
            RoundState::Completed,
            RoundState::Stuck,
        ],
    );
    each_pinned(
        "attempt_states",
        &[
            AttemptState::Leased,
            AttemptState::Reported,
            AttemptState::Faulted,
            AttemptState::Expired,
            AttemptState::Voided,
        ],
    );
    each_pinned("directions", &[Direction::Higher, Direction::Lower]);
    each_pinned(
        "token_scopes",
        &[
            TokenScope::Admin,
            TokenScope::Organiser,
            TokenScope::Miner,
            TokenScope::Runner,
            TokenScope::Reader,
        ],
    );
}
