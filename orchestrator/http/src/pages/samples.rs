//! Objects for the tests of the views.

use gauntlet_api::{
    ArchiveEntry, Attempt, AttemptState, Block, CurvePoint, Cut, CutLine, Meters, Method, Metric,
    Round, RoundState, Run, RunCell, RunState, Share, Standing, Tournament, TournamentState,
    Verdict,
};
use time::macros::datetime;
use uuid::Uuid;

/// A tournament in its second round.
pub(crate) fn tournament() -> Tournament {
    let field = [
        ("small-conv-net", Some(0.981), None),
        ("adamw-cosine", Some(0.962), None),
        ("label-smoothing", Some(0.951), Some(1)),
        ("allocates-without-end", None, Some(1)),
    ];
    let cell = |method: &str, block: u32, score: Option<f64>| RunCell {
        run: Uuid::from_u128(u128::from(block) << 8 | method.len() as u128),
        method: method.to_owned(),
        block,
        state: RunState::Done,
        attempt: 1,
        progress: 1.0,
        verdict: Some(if score.is_some() {
            Verdict::Completed
        } else {
            Verdict::MemoryExceeded
        }),
        score,
        model: None,
    };
    let standings: Vec<Standing> = field
        .iter()
        .zip(1..)
        .map(|((method, score, cut_after), rank)| Standing {
            rank,
            method: (*method).to_owned(),
            mean: score.unwrap_or(0.0),
            standard_error: (rank == 1).then_some(0.004),
            blocks: 1,
            faults: u32::from(score.is_none()),
            cut_after: *cut_after,
            points: None,
            estimate: None,
            p_best: None,
        })
        .collect();
    let running = RunCell {
        state: RunState::Leased,
        progress: 0.42,
        verdict: None,
        score: None,
        ..cell("small-conv-net", 3, None)
    };
    Tournament {
        private: false,
        name: String::from("digits-cup"),
        task: String::from("digits"),
        more_tasks: Vec::new(),
        series: None,
        closes_at: None,
        metric: Metric::default(),
        state: TournamentState::Closed,
        rules: serde_json::json!({"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}),
        nonce_digest: Some("ab".repeat(32)),
        nonce: Some("cd".repeat(32)),
        seed: Some("ef".repeat(32)),
        created_at: datetime!(2026-11-20 10:00 UTC),
        completed_at: None,
        share: Share::default(),
        methods: field
            .iter()
            .map(|(name, _, cut_after)| Method {
                name: (*name).to_owned(),
                digest: "12".repeat(32),
                cut_after: *cut_after,
                defender: false,
                disqualified: None,
                set_aside: None,
            })
            .collect(),
        rounds: vec![
            Round {
                number: 1,
                state: RoundState::Completed,
                note: None,
                blocks: vec![Block {
                    number: 1,
                    seed: String::from("0123456789abcdef"),
                    task: None,
                    voided: false,
                    again: None,
                    half: false,
                }],
                heats: Vec::new(),
                runs: field
                    .iter()
                    .map(|(name, score, _)| cell(name, 1, *score))
                    .collect(),
                standings: standings.clone(),
                cut: Some(Cut {
                    kept: vec![String::from("small-conv-net"), String::from("adamw-cosine")],
                    dropped: vec![
                        String::from("label-smoothing"),
                        String::from("allocates-without-end"),
                    ],
                    line: Some(CutLine {
                        kept: String::from("adamw-cosine"),
                        dropped: String::from("label-smoothing"),
                    }),
                    common_blocks: 1,
                    effect: Some(0.011),
                    standard_error: None,
                    interval: None,
                    p_value: Some(0.5),
                    flip_blocks: None,
                    comparisons: Vec::new(),
                    friedman: None,
                    title: None,
                }),
            },
            Round {
                number: 2,
                state: RoundState::Running,
                note: None,
                blocks: vec![
                    Block {
                        number: 2,
                        seed: String::from("1123456789abcdef"),
                        task: None,
                        voided: false,
                        again: None,
                        half: false,
                    },
                    Block {
                        number: 3,
                        seed: String::from("2123456789abcdef"),
                        task: None,
                        voided: false,
                        again: None,
                        half: false,
                    },
                ],
                heats: Vec::new(),
                runs: vec![cell("small-conv-net", 2, Some(0.985)), running],
                standings: Vec::new(),
                cut: None,
            },
        ],
        standings,
        champion: None,
        note: None,
        paused: None,
        rejudged: None,
        waiting: Vec::new(),
        rounded: false,
    }
}

/// A finished run whose texts are hostile.
pub(crate) fn run() -> Run {
    let meters = Meters {
        work: 1_900_000_000,
        flops: 1_200_000_000,
        bytes_moved: 700_000_000,
        operations: 4_812,
        batches: 120,
        peak_tensor_bytes: 3 << 20,
        wall_micros: 2_345_678,
    };
    Run {
        id: Uuid::from_u128(7),
        tournament: String::from("digits-cup"),
        task: String::from("digits"),
        metric: Metric::default(),
        method: String::from("<script>document.title='owned'</script>"),
        digest: "12".repeat(32),
        round: 1,
        block: 1,
        seed: String::from("0123456789abcdef"),
        state: RunState::Done,
        progress: 1.0,
        verdict: Some(Verdict::MethodFailed),
        score: None,
        model: None,
        detail: Some(String::from(
            "panicked: </pre><img src=x onerror=alert(1)> \u{1b}[31m",
        )),
        train: Some(meters),
        predict: None,
        curve: (0..100)
            .map(|step| CurvePoint {
                step: step * 10,
                name: String::from("loss"),
                value: Some(2.3 * (-0.03 * step as f64).exp() + 0.05),
            })
            .collect(),
        probes: Vec::new(),
        to_target: None,
        attempts: vec![
            Attempt {
                number: 1,
                runner: String::from("local-1"),
                state: AttemptState::Expired,
                reason: Some(String::from("the lease ran out")),
                started_at: datetime!(2026-11-20 10:00 UTC),
                ended_at: Some(datetime!(2026-11-20 10:01 UTC)),
            },
            Attempt {
                number: 2,
                runner: String::from("local-1"),
                state: AttemptState::Reported,
                reason: None,
                started_at: datetime!(2026-11-20 10:01 UTC),
                ended_at: Some(datetime!(2026-11-20 10:02 UTC)),
            },
        ],
        rounded: false,
    }
}

/// A champion.
pub(crate) fn archive_entry() -> ArchiveEntry {
    ArchiveEntry {
        id: Uuid::from_u128(9),
        aliases: vec![String::from("digits@champion")],
        task: String::from("digits"),
        withdrawn: None,
        metric: Metric::default(),
        tournament: String::from("digits-cup"),
        method: String::from("small-conv-net"),
        lane: "wasm".to_owned(),
        module: "12".repeat(32),
        module_bytes: 812_345,
        model: "34".repeat(32),
        model_bytes: 123_456,
        score: 0.9812,
        blocks: 6,
        run: Uuid::from_u128(7),
        card: String::from("---\nlicence: CC-BY-4.0\n---\n# small-conv-net\n<b>bold</b>\n"),
        created_at: datetime!(2026-11-20 10:10 UTC),
    }
}
