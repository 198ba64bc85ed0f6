//! What a local run brought: the numbers that a tournament would record, and what they mean.

use std::path::PathBuf;

use gauntlet_api::Metric;
use gauntlet_protocol::{Budget, CurvePoint, Verdict};
use gauntlet_runner::attempt::AttemptResult;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Meters;
use serde::Serialize;

use super::advice::advice;
use super::chart;
use super::live::LogLine;
use crate::show::table::{Column, render};
use crate::show::text::{bytes, counted, printable, short, work};

/// A module's local runs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The module, or the program, that was run.
    pub(crate) path: PathBuf,
    /// `sandbox` or `native`.
    pub(crate) executed: &'static str,
    /// Hyper-parameters that were set; a tournament runs the defaults.
    pub(crate) settings: Settings,
    /// SHA-256 of the module in hex; none for a native program.
    pub(crate) digest: Option<String>,
    /// Name of the task.
    pub(crate) task: String,
    /// Which rows were hidden, in a sentence.
    pub(crate) split: &'static str,
    /// Rows of the train part.
    pub(crate) train_rows: usize,
    /// What one run may use.
    pub(crate) budget: Budget,
    /// One for each seed.
    pub(crate) runs: Vec<Run>,
    /// What the task measures, and which way is better.
    pub(crate) metric: Metric,
    /// Mean score of the blocks, a fault counting as the metric's miss, as in standings.
    pub(crate) mean: f64,
    /// Standard deviation of the scores over the blocks, from two of them on.
    pub(crate) deviation: Option<f64>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    /// Seed of the block, 16 hex digits.
    pub(crate) seed: String,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// The score, if it completed.
    pub(crate) score: Option<f64>,
    /// SHA-256 of the model in hex.
    pub(crate) model: Option<String>,
    /// Bytes of the model.
    pub(crate) model_bytes: Option<u64>,
    /// SHA-256 of the predictions in hex.
    pub(crate) predictions: Option<String>,
    /// The line that a tournament shows to the author.
    pub(crate) detail: Option<String>,
    /// More than a tournament shows, and what to do.
    pub(crate) advice: Option<String>,
    /// What training used.
    pub(crate) train: Meters,
    /// What prediction used.
    pub(crate) predict: Meters,
    /// What the method reported.
    pub(crate) curve: Vec<CurvePoint>,
    /// What the method logged.
    pub(crate) log: Vec<LogLine>,
}

impl Run {
    /// What came of a block, with what was heard meanwhile.
    pub(crate) fn new(
        seed: String,
        findings: AttemptResult,
        budget: &Budget,
        curve: Vec<CurvePoint>,
        log: Vec<LogLine>,
    ) -> Self {
        Self {
            seed,
            verdict: findings.verdict,
            score: findings.score,
            model: findings.model_digest(),
            model_bytes: findings.model.as_ref().map(|model| model.len() as u64),
            advice: advice(&findings, budget),
            predictions: findings.predictions,
            detail: findings.detail,
            train: findings.train,
            predict: findings.predict,
            curve,
            log,
        }
    }
}

impl Report {
    /// Completes the summary over the runs.
    pub(crate) fn summed(mut self) -> Self {
        let scores: Vec<f64> = self
            .runs
            .iter()
            .map(|run| run.score.unwrap_or(self.metric.miss))
            .collect();
        let count = scores.len() as f64;
        self.mean = scores.iter().sum::<f64>() / count.max(1.0);
        self.deviation = (scores.len() > 1).then(|| {
            let squares = scores.iter().map(|score| (score - self.mean).powi(2));
            (squares.sum::<f64>() / (count - 1.0)).sqrt()
        });
        self
    }

    /// Whether every run completed.
    pub(crate) fn completed(&self) -> bool {
        self.runs
            .iter()
            .all(|run| run.verdict == Verdict::Completed)
    }
}

/// A verdict's name, as everywhere else.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Completed => "completed",
        Verdict::BudgetExceeded => "budget_exceeded",
        Verdict::MemoryExceeded => "memory_exceeded",
        Verdict::MethodFailed => "method_failed",
        Verdict::InvalidPredictions => "invalid_predictions",
        Verdict::Stopped => "stopped",
    }
}

/// What people read.
pub(crate) fn show(report: &Report) -> String {
    let mut text = String::new();
    if let [run] = &report.runs[..] {
        if let Some(name) = chart::chosen(&run.curve)
            && let Some(drawing) = chart::draw(&chart::values(&run.curve, name), 60, 6)
        {
            text.push_str(&format!("{drawing}\n  {}\n\n", printable(name)));
        }
        text.push_str(&render(
            &[
                Column::Text(if native(report) {
                    "what the program did"
                } else {
                    "what a tournament would record"
                }),
                Column::Text(""),
            ],
            recorded(run, report),
            "",
        ));
        text.push('\n');
        text.push_str(&meters(run, report));
    } else {
        let heading = report.metric.heading();
        text.push_str(&render(
            &[
                Column::Text("seed"),
                Column::Text("verdict"),
                Column::Number(&heading),
                Column::Text("model"),
                Column::Number("work"),
                Column::Number("batches"),
                Column::Number("wall"),
            ],
            report.runs.iter().map(|run| {
                [
                    run.seed.clone(),
                    verdict(run.verdict).to_owned(),
                    run.score
                        .map_or("-".to_owned(), |score| format!("{score:.4}")),
                    run.model.as_deref().map_or("-", short).to_owned(),
                    work(run.train.work),
                    run.train.batches.to_string(),
                    seconds(run.train.wall_micros),
                ]
            }),
            "",
        ));
        text.push_str(&format!(
            "\nmean {} of {}: {:.4}",
            report.metric.name,
            counted(report.runs.len(), "seed"),
            report.mean
        ));
        if let Some(deviation) = report.deviation {
            text.push_str(&format!(" (standard deviation {deviation:.4})"));
        }
    }
    for run in &report.runs {
        if run.verdict != Verdict::Completed {
            text.push_str(&format!(
                "\n\nseed {}: {}: {}",
                run.seed,
                verdict(run.verdict),
                printable(run.detail.as_deref().unwrap_or_default())
            ));
            if let Some(advice) = &run.advice {
                text.push_str(&format!("\n  {}", printable(advice)));
            }
            text.push_str(&format!(
                "\n  In a tournament such a block counts as {} {}.",
                report.metric.name, report.metric.miss
            ));
        } else if let Some(remark) = &run.detail {
            text.push_str(&format!("\n\nseed {}: {}", run.seed, printable(remark)));
            if let Some(advice) = &run.advice {
                text.push_str(&format!("\n  {}", printable(advice)));
            }
        }
    }
    if !report.settings.is_empty() {
        let set: Vec<String> = report
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        text.push_str(&format!(
            "\n\nRun with {}. A tournament runs what the source has as defaults: to enter \
             with these values, write them there and build again.",
            set.join(" ")
        ));
    }
    if native(report) {
        text.push_str(
            "\n\nNothing was metered: training had the task's wall time, and may have done far more or \
             less than its work allows. In the sandbox it ends where a tournament would end it; \
             --batches N ends both at the same step.",
        );
    }
    text.push_str(&format!("\n\n{}", report.split));
    text
}

/// Whether it ran as a program of this machine, outside of any lane.
fn native(report: &Report) -> bool {
    report.executed == "native"
}

fn recorded(run: &Run, report: &Report) -> Vec<[String; 2]> {
    let row = |what: &str, value: String| [what.to_owned(), value];
    let mut rows = vec![
        row("task", report.task.clone()),
        row("seed of the block", run.seed.clone()),
        row("verdict", verdict(run.verdict).to_owned()),
    ];
    if let Some(score) = run.score {
        rows.push(row(&report.metric.heading(), format!("{score:.4}")));
    }
    if let Some(digest) = &report.digest {
        rows.push(row("method", short(digest).to_owned()));
    }
    if let Some(model) = &run.model {
        rows.push(row(
            "model",
            format!(
                "{}, {}",
                short(model),
                bytes(run.model_bytes.unwrap_or_default())
            ),
        ));
    }
    rows
}

fn meters(run: &Run, report: &Report) -> String {
    let budget = &report.budget;
    let predict_work = gauntlet_runner::attempt::predict_limits(budget).work;
    let (train, predict) = (&run.train, &run.predict);
    // What is not metered natively is left out instead of shown as nothing.
    let metered = report.executed == "sandbox";
    let count = |value: u64| {
        if metered { work(value) } else { "-".to_owned() }
    };
    let size = |value: u64| {
        if metered {
            bytes(value)
        } else {
            "-".to_owned()
        }
    };
    let row = |what: &str, a: String, b: String, limit: String| [what.to_owned(), a, b, limit];
    let rows = [
        row(
            "work",
            count(train.work),
            count(predict.work),
            format!("{}, then {}", work(budget.work), work(predict_work)),
        ),
        row(
            "floating-point operations",
            count(train.flops),
            count(predict.flops),
            String::new(),
        ),
        row(
            "bytes moved",
            size(train.bytes_moved),
            size(predict.bytes_moved),
            String::new(),
        ),
        row(
            "tensor operations",
            count(train.operations),
            count(predict.operations),
            String::new(),
        ),
        row(
            "batches",
            train.batches.to_string(),
            "-".to_owned(),
            String::new(),
        ),
        row(
            "most tensor memory",
            size(train.peak_tensor_bytes),
            size(predict.peak_tensor_bytes),
            bytes(budget.tensor_bytes),
        ),
        row(
            "wall time",
            seconds(train.wall_micros),
            seconds(predict.wall_micros),
            format!("{} s each", budget.wall_seconds),
        ),
    ];
    render(
        &[
            Column::Text("meter"),
            Column::Number("train"),
            Column::Number("predict"),
            Column::Text("limit"),
        ],
        rows,
        "",
    )
}

fn seconds(micros: u64) -> String {
    format!("{:.2} s", micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(scores: &[Option<f64>]) -> Report {
        let run = |score: &Option<f64>| Run {
            seed: "00000000000000ff".into(),
            verdict: match score {
                Some(_) => Verdict::Completed,
                None => Verdict::BudgetExceeded,
            },
            score: *score,
            model: score.map(|_| "ab".repeat(32)),
            model_bytes: score.map(|_| 2048),
            predictions: None,
            detail: score.is_none().then(|| "training ran out".to_owned()),
            advice: score.is_none().then(|| "stop earlier".to_owned()),
            train: Meters {
                work: 5_000_000_000,
                ..Meters::default()
            },
            predict: Meters::default(),
            curve: Vec::new(),
            log: Vec::new(),
        };
        Report {
            settings: Settings::new(),
            path: "m.wasm".into(),
            executed: "sandbox",
            digest: Some("cd".repeat(32)),
            task: "digits".into(),
            split: "a split",
            metric: Metric::default(),
            train_rows: 10,
            budget: Budget {
                work: 20_000_000_000,
                predict_share_percent: 50,
                wall_seconds: 20,
                tensor_bytes: 1 << 20,
                guest_bytes: 1 << 20,
                output_bytes: 1 << 20,
            },
            runs: scores.iter().map(run).collect(),
            mean: 0.0,
            deviation: None,
        }
        .summed()
    }

    #[test]
    fn one_run_is_shown_in_full() {
        let report = report(&[Some(0.975)]);
        let text = show(&report);
        for words in [
            "0.9750",
            "abababababab",
            "cdcdcdcdcdcd",
            "5.0 G",
            "20.0 G, then 10.0 G",
            "2.0 KiB",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(report.completed() && report.deviation.is_none());
    }

    #[test]
    fn a_native_run_says_that_it_is_no_tournaments() {
        let mut report = report(&[Some(0.975)]);
        assert!(show(&report).contains("a tournament would record"));
        report.executed = "native";
        let text = show(&report);
        assert!(!text.contains("a tournament would record"), "{text}");
        assert!(text.contains("Nothing was metered"), "{text}");
    }

    #[test]
    fn several_are_summed_up_and_a_fault_counts_as_nothing() {
        let report = report(&[Some(0.8), None]);
        assert!((report.mean - 0.4).abs() < 1e-12 && !report.completed());
        let text = show(&report);
        for words in [
            "mean accuracy of 2 seeds: 0.4000",
            "stop earlier",
            "counts as accuracy 0",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}
