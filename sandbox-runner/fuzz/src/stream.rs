//! A whole stream by its seed, and its smallest failing part.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::encoded::submit_spoilt;
use crate::generate::{Generator, Temper};
use crate::mutate::repaired;
use crate::oracle::{Finding, Oracle, Tally, Verdict};
use crate::random::Random;
use crate::step::{Allowance, Program, Step};

/// What became of a stream.
#[derive(Debug)]
pub struct Outcome {
    /// The steps that were taken.
    pub program: Program,
    /// What must not be.
    pub findings: Vec<Finding>,
    /// What was seen.
    pub tally: Tally,
}

/// Makes and judges the stream of a seed.
#[must_use]
pub fn stream(seed: u64) -> Outcome {
    traced(seed, None)
}

/// Likewise, and tells each step before it is taken, so that an abort can be seen coming.
#[must_use]
pub fn traced(seed: u64, tell: Option<&dyn Fn(&Program)>) -> Outcome {
    let mut random = Random::new(seed);
    let allowance = Allowance {
        tensor_bytes: [1 << 16, 1 << 20, 1 << 24][random.below(3)],
        tensors: [24, 200][random.below(2)],
        work: [1 << 20, 1 << 23, 1 << 25][random.below(3)],
        guarding: random.percent(20),
    };
    let length = 4 + random.below(36);
    let spoil = random.percent(25);
    let mut generator = Generator::new(random.clone(), Temper::Hostile);
    let mut record = Record::new(allowance, seed);
    // Tensors to start with; some will never be named again and must stay as they are.
    for _ in 0..3 {
        record.take(generator.upload());
    }
    for _ in 0..length {
        for step in generator.next(&record.oracle.live()) {
            if let Some(tell) = tell {
                let mut steps = record.steps.clone();
                steps.push(step.clone());
                tell(&Program { allowance, steps });
            }
            record.persist(step, &mut random);
        }
        if record.over {
            break;
        }
    }
    record.close();
    let program = Program {
        allowance,
        steps: record.steps,
    };
    let mut findings = record.oracle.findings;
    if spoil {
        findings.extend(submit_spoilt(&mut random, &program));
    }
    Outcome {
        program,
        findings,
        tally: record.oracle.tally,
    }
}

/// Judges a recorded program.
#[must_use]
pub fn replay(program: &Program) -> Vec<Finding> {
    let mut record = Record::new(program.allowance, 0);
    for step in &program.steps {
        if record.over {
            break;
        }
        record.take(step.clone());
    }
    record.close();
    record.oracle.findings
}

/// The shortest part of a program that still breaks the same rule in the same operation.
#[must_use]
pub fn minimised(program: &Program, finding: &Finding) -> Program {
    let shows = |program: &Program| {
        replay(program)
            .iter()
            .any(|other| other.rule == finding.rule && other.operation == finding.operation)
    };
    let mut least = program.clone();
    if !shows(&least) {
        return least;
    }
    let mut at = least.steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = least.clone();
        shorter.steps.remove(at);
        if shows(&shorter) {
            least = shorter;
        }
    }
    least
}

struct Record {
    oracle: Oracle,
    steps: Vec<Step>,
    over: bool,
}

impl Record {
    fn new(allowance: Allowance, seed: u64) -> Self {
        Self {
            oracle: Oracle::new(allowance, seed),
            steps: Vec::new(),
            over: false,
        }
    }

    fn take(&mut self, step: Step) -> Verdict {
        if self.over {
            return Verdict::Over;
        }
        // The executor catches a backend's panics; one that gets here got past it.
        let judged = catch_unwind(AssertUnwindSafe(|| self.oracle.perform(&step)));
        let verdict = judged.unwrap_or_else(|_| {
            self.oracle.findings.push(Finding {
                rule: "no panic gets past the guard".to_owned(),
                operation: "step".to_owned(),
                detail: format!("{step:?}"),
            });
            Verdict::Over
        });
        self.over |= verdict == Verdict::Over;
        self.steps.push(step);
        verdict
    }

    /// Takes a step, and again with its claims put right if only they were wrong.
    fn persist(&mut self, step: Step, random: &mut Random) {
        let mut step = step;
        for _ in 0..4 {
            let verdict = self.take(step.clone());
            let (Verdict::Refused(reason), Step::Op(op)) = (verdict, &step) else {
                return;
            };
            let Some(better) = repaired(op, &reason) else {
                return;
            };
            if random.percent(10) {
                return;
            }
            step = Step::Op(Box::new(better));
        }
    }

    fn close(&mut self) {
        let over = self.over;
        if catch_unwind(AssertUnwindSafe(|| self.oracle.close(over))).is_err() {
            self.oracle.findings.push(Finding {
                rule: "no panic gets past the guard".to_owned(),
                operation: "end".to_owned(),
                detail: String::new(),
            });
        }
    }
}
