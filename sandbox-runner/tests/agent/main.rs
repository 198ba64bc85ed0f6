//! A runner against a small orchestrator and a stand-in worker.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

mod orchestrator;
mod self_test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use clap::Parser;
use gauntlet_protocol::{
    AssignedTask, Assignment, Budget, CheckpointScore, FaultCause, Probing, Verdict,
};
use gauntlet_runner::{agent, config::Config};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use orchestrator::{Orchestrator, PATIENCE, TOKEN};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A runner's folder, and the arguments that make a runner use it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.at("token"), TOKEN).unwrap();
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn arguments(&self, url: &str) -> Vec<String> {
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/worker.sh");
        let path = |path: PathBuf| path.to_str().unwrap().to_owned();
        [
            ["--url".to_owned(), url.to_owned()],
            ["--data".to_owned(), path(self.at("data"))],
            // Where workers with a user id of their own can get to, should this be root.
            ["--runs".to_owned(), path(self.runs())],
            ["--worker".to_owned(), path(worker)],
            ["--token-file".to_owned(), path(self.at("token"))],
            ["--name".to_owned(), "test".to_owned()],
        ]
        .concat()
    }

    fn config(&self, url: &str, more: &[&str]) -> Config {
        let program = ["gauntlet-runner".to_owned()];
        let more = more.iter().map(ToString::to_string);
        Config::parse_from(program.into_iter().chain(self.arguments(url)).chain(more))
    }

    fn runs(&self) -> PathBuf {
        let name = self
            .0
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        std::env::temp_dir().join(format!(
            "gauntlet-test-runs-{}",
            name.trim_start_matches('.')
        ))
    }

    /// Commands of processes that still run in a folder of ours.
    fn strays(&self) -> Vec<String> {
        let wanted = format!("GAUNTLET_RUN_FOLDER={}", self.runs().display()).into_bytes();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment
                .windows(wanted.len())
                .any(|window| window == wanted)
            {
                found.push(fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default());
            }
        }
        found
    }

    async fn until_a_worker_runs(&self) {
        self.until(|strays| strays.iter().any(|command| command.contains("sleep")))
            .await;
    }

    async fn until_none_runs(&self) {
        self.until(<[String]>::is_empty).await;
    }

    async fn until(&self, wanted: impl Fn(&[String]) -> bool) {
        let begin = Instant::now();
        while !wanted(&self.strays()) {
            assert!(begin.elapsed() < PATIENCE, "{:?}", self.strays());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _may_not_exist = fs::remove_dir_all(self.runs());
    }
}

/// A runner in this process, stopped and awaited by `end`.
struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), agent::AgentError>>,
}

impl Running {
    fn start(home: &Home, orchestrator: &Orchestrator) -> Self {
        Self::with(home.config(&orchestrator.url(), &[]))
    }

    fn with(config: Config) -> Self {
        let stop = CancellationToken::new();
        let token = stop.clone();
        let task = tokio::spawn(async move { agent::run(&config, token).await });
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

fn module() -> Vec<u8> {
    wat::parse_str(
        r#"(module (memory (export "memory") 1)
            (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
    )
    .unwrap()
}

fn tensor(name: &str, dtype: Dtype, shape: Vec<usize>, bytes: &[u8]) -> Vec<u8> {
    let view = TensorView::new(dtype, shape, bytes).unwrap();
    let marker = [("marker".to_owned(), "SECRET-LABELS".to_owned())].into();
    let marker = (name == "labels").then_some(marker);
    safetensors::serialize([(name, view)], marker).unwrap()
}

/// An assignment whose worker behaves as `behaviour` says. Of four predictions, three are right.
fn assignment(orchestrator: &Orchestrator, behaviour: &str) -> Assignment {
    let labels: Vec<u8> = [0_i64, 1, 1, 1]
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    let scores = [1_f32, 0., 0., 1., 0., 1., 1., 0.];
    let scores: Vec<u8> = scores
        .iter()
        .flat_map(|score| score.to_le_bytes())
        .collect();
    let info = TaskInfo {
        name: behaviour.to_owned(),
        kind: TaskKind::Classification { classes: 2 },
        inputs: InputKind::Dense { shape: vec![1] },
        train_rows: 4,
        base: None,
    };
    Assignment {
        run: Uuid::from_u128(u128::from(rand::random::<u64>())),
        attempt: 3,
        lease_seconds: orchestrator::lease_seconds(),
        tournament: "cup".to_owned(),
        method: behaviour.to_owned(),
        artifact: orchestrator.store(&module()),
        lane: gauntlet_protocol::Lane::Wasm,
        task: AssignedTask {
            name: behaviour.to_owned(),
            info: serde_json::to_value(info).unwrap(),
            train: orchestrator.store(b"the train part"),
            hidden_inputs: orchestrator.store(&tensor(
                "predictions",
                Dtype::F32,
                vec![4, 2],
                &scores,
            )),
            hidden_labels: orchestrator.store(&tensor("labels", Dtype::I64, vec![4], &labels)),
            base: None,
        },
        seed: "00000000000000ff".to_owned(),
        budget: Budget {
            work: 1_000,
            predict_share_percent: 10,
            // No worker here ends by it, however busy the machine is.
            wall_seconds: 3_600,
            tensor_bytes: 1 << 20,
            guest_bytes: 1 << 20,
            output_bytes: 1 << 20,
        },
        probing: None,
    }
}

fn queue(orchestrator: &Orchestrator, behaviour: &str) -> Uuid {
    let assignment = assignment(orchestrator, behaviour);
    let run = assignment.run;
    orchestrator.with(|book| book.queue.push_back(assignment));
    run
}

#[tokio::test]
async fn an_honest_run_is_scored_and_its_model_handed_in() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    let run = queue(&orchestrator, "honest");
    let running = Running::start(&home, &orchestrator);
    let (of, attempt, report) = orchestrator
        .until("a report", |book| book.reports.first().cloned())
        .await;
    running.end().await;
    assert_eq!((of, attempt), (run, 3));
    assert_eq!(report.verdict, Verdict::Completed, "{report:?}");
    assert_eq!(report.score, Some(0.75));
    assert_eq!(report.detail, None);
    assert_eq!((report.train.work, report.predict.work), (7, 7));
    let points: Vec<_> = report
        .curve
        .iter()
        .map(|point| (point.step, point.value))
        .collect();
    assert_eq!(points, [(1, Some(0.5)), (2, None)]);
    let model = report.model.unwrap();
    orchestrator.with(|book| {
        assert_eq!(book.blobs[&model], b"a model");
        assert!(book.faults.is_empty());
        let (_, register) = &book.runners[0];
        assert_eq!(register.name, "test");
        assert!(register.class.starts_with("cpu "), "{}", register.class);
    });
    assert_eq!(report.predictions.unwrap().len(), 64);
    assert_eq!(fs::read_dir(home.at("data/scratch")).unwrap().count(), 0);
    assert_eq!(home.strays(), [""; 0]);
}

#[tokio::test]
async fn entrants_faults_are_verdicts_and_ours_are_not() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    let cases = [
        ("over-budget", Verdict::BudgetExceeded, "work"),
        (
            "bad-predictions",
            Verdict::InvalidPredictions,
            "not a safetensors file",
        ),
        ("talkative", Verdict::MethodFailed, "withheld"),
    ];
    for (behaviour, _, _) in cases {
        queue(&orchestrator, behaviour);
    }
    let mut foreign = assignment(&orchestrator, "honest");
    foreign.artifact = orchestrator.store(b"\x7fELF not a module");
    orchestrator.with(|book| book.queue.push_back(foreign));
    let dies = queue(&orchestrator, "dies");
    let running = Running::start(&home, &orchestrator);
    let fault = orchestrator
        .until("a fault", |book| book.faults.first().cloned())
        .await;
    running.end().await;
    assert_eq!((fault.0, fault.1), (dies, 3));
    assert!(fault.2.reason.contains("SIGKILL"), "{}", fault.2.reason);
    let reports = orchestrator.with(|book| book.reports.clone());
    assert_eq!(reports.len(), 4, "{reports:?}");
    for ((_, verdict, words), (_, _, report)) in cases.iter().zip(&reports) {
        assert_eq!(report.verdict, *verdict, "{report:?}");
        assert_eq!(
            (report.score, report.model.as_ref()),
            (None, None),
            "{report:?}"
        );
        assert!(
            report.detail.as_ref().unwrap().contains(words),
            "{report:?}"
        );
    }
    let text = serde_json::to_string(&reports[2].2).unwrap();
    assert!(
        !text.contains("seven") && !text.contains("stolen"),
        "{text}"
    );
    let (_, _, refused) = &reports[3];
    assert_eq!(refused.verdict, Verdict::MethodFailed);
    assert!(
        refused.detail.as_ref().unwrap().contains("ELF"),
        "{refused:?}"
    );
}

/// A train part of 128 rows, whose inputs are right answers.
fn train_part() -> Vec<u8> {
    let inputs: Vec<u8> = [1_f32, 0.]
        .iter()
        .flat_map(|score| score.to_le_bytes())
        .collect();
    let (inputs, labels) = (inputs.repeat(128), vec![0; 8 * 128]);
    let views = [
        (
            "inputs",
            TensorView::new(Dtype::F32, vec![128, 2], &inputs).unwrap(),
        ),
        (
            "labels",
            TensorView::new(Dtype::I64, vec![128], &labels).unwrap(),
        ),
    ];
    safetensors::serialize(views, None).unwrap()
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_is_killed_and_reported_with_its_last_checkpoints_score() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    let mut assignment = assignment(&orchestrator, "probed");
    assignment.task.train = orchestrator.store(&train_part());
    assignment.probing = Some(Probing {
        every: 4,
        target: None,
    });
    orchestrator.with(|book| {
        book.queue.push_back(assignment);
        book.stop = Some("two rivals are better\nalready".to_owned());
    });
    let running = Running::start(&home, &orchestrator);
    let (_, attempt, report) = orchestrator
        .until("a report", |book| book.reports.first().cloned())
        .await;
    home.until_none_runs().await;
    running.end().await;
    let score = CheckpointScore {
        fraction: 0.25,
        work: 250,
        score: 1.0,
    };
    assert_eq!(
        (attempt, report.verdict),
        (3, Verdict::Stopped),
        "{report:?}"
    );
    assert_eq!((report.score, &report.model), (Some(1.0), &None));
    assert_eq!(report.probes, [score]);
    assert_eq!(report.train.work, 250);
    assert_eq!(
        report.detail.as_deref(),
        Some("two rivals are better already")
    );
    orchestrator.with(|book| {
        let told = book
            .heartbeats
            .iter()
            .find(|(_, beat)| !beat.probes.is_empty());
        assert_eq!(told.unwrap().1.probes, [score]);
        assert!(book.faults.is_empty());
    });
}

#[tokio::test]
async fn a_lost_lease_kills_the_sandbox_and_the_run_is_forgotten() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    queue(&orchestrator, "sleeps");
    let running = Running::start(&home, &orchestrator);
    home.until_a_worker_runs().await;
    orchestrator.with(|book| book.heartbeat_status = Some(StatusCode::CONFLICT));
    home.until_none_runs().await;
    orchestrator.with(|book| {
        assert!(book.reports.is_empty() && book.faults.is_empty());
        book.heartbeat_status = None;
    });
    // The runner is none the worse for it.
    queue(&orchestrator, "honest");
    orchestrator
        .until("the next report", |book| book.reports.pop())
        .await;
    running.end().await;
}

#[tokio::test]
async fn out_of_touch_the_sandbox_is_killed_before_the_lease_ends() {
    let (home, mut orchestrator) = (Home::new(), Orchestrator::start().await);
    queue(&orchestrator, "sleeps");
    let running = Running::start(&home, &orchestrator);
    home.until_a_worker_runs().await;
    orchestrator
        .until("a heartbeat", |book| book.heartbeats.pop())
        .await;
    let begin = Instant::now();
    orchestrator.vanish().await;
    home.until_none_runs().await;
    // The last heartbeat was sent before `begin`, so its lease ends before this.
    let lease = Duration::from_secs(orchestrator::lease_seconds().into());
    assert!(begin.elapsed() < lease, "{:?}", begin.elapsed());
    // A new orchestrator that remembers no runner.
    orchestrator.with(|book| book.runners.clear());
    orchestrator.resume().await;
    let run = queue(&orchestrator, "honest");
    let report = orchestrator
        .until("a report", |book| book.reports.pop())
        .await;
    assert_eq!(report.0, run);
    orchestrator.with(|book| assert_eq!(book.runners.len(), 1, "it has registered again"));
    running.end().await;
}

#[tokio::test]
async fn a_short_absence_of_the_orchestrator_costs_nothing() {
    let (home, mut orchestrator) = (Home::new(), Orchestrator::start().await);
    let run = queue(&orchestrator, "slow");
    let running = Running::start(&home, &orchestrator);
    home.until_a_worker_runs().await;
    orchestrator.vanish().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    orchestrator.resume().await;
    let (of, _, report) = orchestrator
        .until("the report", |book| book.reports.pop())
        .await;
    assert_eq!((of, report.verdict), (run, Verdict::Completed));
    running.end().await;
}

#[tokio::test]
async fn a_report_whose_answer_is_lost_is_sent_again_unchanged() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    orchestrator.with(|book| book.lose_answers = 2);
    queue(&orchestrator, "honest");
    let running = Running::start(&home, &orchestrator);
    let reports = orchestrator
        .until("three reports", |book| {
            (book.reports.len() == 3).then(|| book.reports.clone())
        })
        .await;
    assert!(reports.iter().all(|report| *report == reports[0]));
    running.end().await;
}

#[tokio::test]
async fn bytes_that_do_not_match_their_digest_are_never_used() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    let assignment = assignment(&orchestrator, "honest");
    let train = assignment.task.train.clone();
    orchestrator.with(|book| {
        book.blobs.insert(train, b"something else".to_vec());
        book.queue.push_back(assignment);
    });
    let running = Running::start(&home, &orchestrator);
    let (_, _, fault) = orchestrator
        .until("a fault", |book| book.faults.pop())
        .await;
    assert!(fault.reason.contains("other bytes"), "{}", fault.reason);
    running.end().await;
}

#[tokio::test]
async fn what_is_asked_to_stop_hands_its_run_back() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    let run = queue(&orchestrator, "sleeps");
    let running = Running::start(&home, &orchestrator);
    home.until_a_worker_runs().await;
    running.end().await;
    assert_eq!(home.strays(), [""; 0]);
    let faults = orchestrator.with(|book| book.faults.clone());
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].0, run);
    assert!(
        faults[0].2.reason.contains("stopping"),
        "{}",
        faults[0].2.reason
    );
    // It says nothing against the machine.
    assert_eq!(faults[0].2.cause, FaultCause::Stopping);
}

#[tokio::test]
async fn who_says_at_once_that_there_is_no_work_is_not_asked_without_end() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    orchestrator.with(|book| book.no_work_at_once = true);
    let running = Running::start(&home, &orchestrator);
    orchestrator
        .until("some questions", |book| (book.asked > 2).then_some(()))
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Pauses of 0.05 s at least that double: on a slower machine there are fewer.
    let asked = orchestrator.with(|book| book.asked);
    assert!(asked < 20, "asked {asked} times");
    running.end().await;
}

#[tokio::test]
async fn a_runner_that_drains_ends_when_there_is_no_work() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    for _ in 0..3 {
        queue(&orchestrator, "honest");
    }
    let config = home.config(&orchestrator.url(), &["--drain", "--slots", "2"]);
    let ended = agent::run(&config, CancellationToken::new());
    tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(orchestrator.with(|book| book.reports.len()), 3);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_ends_the_runner() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    fs::write(home.at("token"), "gnt_runner_wrong").unwrap();
    let config = home.config(&orchestrator.url(), &[]);
    let error = agent::run(&config, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does not accept the token"),
        "{error}"
    );
}

/// The real process: it must end, and take its worker along, however it is ended.
#[tokio::test]
async fn the_process_ends_with_its_parent_on_request_and_even_when_killed() {
    for end in ["stdin", "SIGTERM", "SIGKILL"] {
        let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
        queue(&orchestrator, "sleeps");
        let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_gauntlet-runner"))
            .args(home.arguments(&orchestrator.url()))
            .arg("--exit-on-stdin-eof")
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        home.until_a_worker_runs().await;
        let pid = nix::unistd::Pid::from_raw(process.id().unwrap().cast_signed());
        match end {
            "stdin" => drop(stdin),
            "SIGTERM" => nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap(),
            _ => process.start_kill().unwrap(),
        }
        let status = tokio::time::timeout(PATIENCE, process.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("{end}: it does not end"))
            .unwrap();
        if end == "SIGKILL" {
            // The stand-in worker outlives it, which the real one does not. The next runner
            // in the same place sweeps it away.
            orchestrator.with(|book| book.queue.clear());
            let config = home.config(&orchestrator.url(), &["--drain"]);
            agent::run(&config, CancellationToken::new()).await.unwrap();
        } else {
            assert!(status.success(), "{end}: {status}");
            assert_eq!(orchestrator.with(|book| book.faults.len()), 1, "{end}");
        }
        assert_eq!(home.strays(), [""; 0], "{end}");
    }
}
