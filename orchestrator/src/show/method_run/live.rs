//! What a run shows while it runs, on standard error: a picture that is drawn anew on a
//! terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use gauntlet_protocol::{Budget, CurvePoint};
use gauntlet_runner::attempt::{Stage, predict_limits};
use gauntlet_runner::curve::Curve;
use gauntlet_worker_protocol::Event;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::chart;
use crate::show::text::{printable, work};

/// Pictures are at most this old.
const FRAME: Duration = Duration::from_millis(120);
/// Without a terminal a line is written at each of these shares.
const QUARTER: f64 = 0.25;
const WIDTH: usize = 60;
const HEIGHT: u32 = 6;
/// Log lines kept; a worker sends no more than this.
const MOST_LINES: usize = 1_000;

/// A line of the method's log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct LogLine {
    /// `train` or `predict`; a tournament does not show what is said in prediction.
    pub(crate) phase: &'static str,
    /// The line.
    pub(crate) line: String,
}

/// Takes in what workers say, and shows it.
pub(crate) struct Live {
    screen: Screen,
    title: String,
    budget: Budget,
    curve: Curve,
    log: Vec<LogLine>,
    stage: Stage,
    used: f64,
    step: u64,
    began: Instant,
    drawn: Option<Instant>,
    told: f64,
}

enum Screen {
    /// Nothing is shown.
    Quiet,
    Lines,
    Picture(ProgressBar),
}

impl Live {
    /// Shows a run, unless `quiet`.
    pub(crate) fn new(title: String, budget: Budget, quiet: bool) -> Self {
        let screen = if quiet {
            Screen::Quiet
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.set_style(
                ProgressStyle::with_template("{msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            Screen::Picture(bar)
        } else {
            Screen::Lines
        };
        Self {
            screen,
            title,
            budget,
            curve: Curve::default(),
            log: Vec::new(),
            stage: Stage::Train,
            used: 0.0,
            step: 0,
            began: Instant::now(),
            drawn: None,
            told: 0.0,
        }
    }

    /// Takes in what a worker says.
    pub(crate) fn on_event(&mut self, stage: Stage, event: Event) {
        if stage != self.stage {
            (self.stage, self.used, self.told) = (stage, 0.0, 0.0);
        }
        match event {
            Event::Metric {
                step, name, value, ..
            } if stage == Stage::Train => {
                self.step = self.step.max(step);
                self.curve.push(step, &name, value);
            }
            Event::Progress { used } => self.used = used.clamp(0.0, 1.0),
            Event::Log { line } if self.log.len() < MOST_LINES => {
                let phase = phase(stage);
                if let Screen::Lines = self.screen {
                    eprintln!("{phase} | {}", printable(&line));
                }
                self.log.push(LogLine { phase, line });
            }
            // A tournament records nothing of what is reported in prediction.
            _ => {}
        }
        self.show();
    }

    /// Takes the picture away; returns the curve, as a tournament records it, and the log.
    pub(crate) fn finish(self) -> (Vec<CurvePoint>, Vec<LogLine>) {
        if let Screen::Picture(bar) = &self.screen {
            bar.finish_and_clear();
        }
        (self.curve.whole(), self.log)
    }

    fn show(&mut self) {
        match &self.screen {
            Screen::Quiet => {}
            Screen::Lines => {
                if self.used >= self.told + QUARTER {
                    self.told = (self.used / QUARTER).floor() * QUARTER;
                    let points = self.curve.whole();
                    let last = chart::chosen(&points).and_then(|name| {
                        let value = *chart::values(&points, name).last()?;
                        Some(format!(", {} {value:.4}", printable(name)))
                    });
                    eprintln!(
                        "{}: {} {:.0} %, step {}{}",
                        self.title,
                        phase(self.stage),
                        self.used * 100.0,
                        self.step,
                        last.unwrap_or_default()
                    );
                }
            }
            Screen::Picture(bar) => {
                if self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME) {
                    self.drawn = Some(Instant::now());
                    bar.set_message(self.picture());
                }
            }
        }
    }

    fn picture(&self) -> String {
        let budget = match self.stage {
            Stage::Train => self.budget.work,
            Stage::Predict => predict_limits(&self.budget).work,
        };
        let mut text = format!(
            "{}  {:<8} {} {:>3.0} %  {} of {} of work  step {}  {:.1} s",
            self.title,
            phase(self.stage),
            meter(self.used, 24),
            self.used * 100.0,
            work((self.used * budget as f64) as u64),
            work(budget),
            self.step,
            self.began.elapsed().as_secs_f64(),
        );
        let points = self.curve.whole();
        if let Some(name) = chart::chosen(&points) {
            let values = chart::values(&points, name);
            if let Some(drawing) = chart::draw(&values, WIDTH, HEIGHT) {
                text.push_str(&format!("\n{drawing}\n  {}", printable(name)));
                if let Some(last) = values.last() {
                    text.push_str(&format!(" {last:.4}"));
                }
            }
        }
        for line in self.log.iter().rev().take(3).rev() {
            let line: String = printable(&line.line).chars().take(76).collect();
            text.push_str(&format!("\n  | {line}"));
        }
        text
    }
}

fn phase(stage: Stage) -> &'static str {
    match stage {
        Stage::Train => "train",
        Stage::Predict => "predict",
    }
}

/// A bar of `width` characters.
fn meter(share: f64, width: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "━".repeat(full), "─".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget {
            work: 2_000,
            predict_share_percent: 50,
            wall_seconds: 1,
            tensor_bytes: 1,
            guest_bytes: 1,
            output_bytes: 1,
        }
    }

    fn metric(step: u64, value: f64) -> Event {
        Event::Metric {
            step,
            name: "loss".into(),
            value: Some(value),
            micros: step,
        }
    }

    #[test]
    fn the_picture_shows_how_far_it_is_and_how_it_goes() {
        let mut live = Live::new("digits".into(), budget(), true);
        for step in 1..100 {
            live.on_event(Stage::Train, metric(step, 1.0 / step as f64));
        }
        live.on_event(Stage::Train, Event::Progress { used: 0.5 });
        let line = "half\u{1b}[2J way".to_owned();
        live.on_event(Stage::Train, Event::Log { line });
        let picture = live.picture();
        for words in ["50 %", "1.0 k of 2.0 k", "step 99", "loss 0.0101", "| half"] {
            assert!(picture.contains(words), "{words}: {picture}");
        }
        assert!(!picture.contains('\u{1b}'));
        // Prediction has a budget of its own, and its reports are not recorded.
        live.on_event(Stage::Predict, Event::Progress { used: 0.1 });
        live.on_event(Stage::Predict, metric(500, 9.0));
        assert!(
            live.picture().contains("100 of 1.0 k"),
            "{}",
            live.picture()
        );
        let (curve, log) = live.finish();
        assert_eq!(curve.len(), 99);
        assert_eq!(log[0].phase, "train");
    }
}
