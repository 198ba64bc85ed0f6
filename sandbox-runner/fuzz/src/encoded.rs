//! The same streams as bytes, spoilt on the way: decoding must neither panic nor
//! allocate without bound.

use gauntlet_wire::ops::MessageRef;
use gauntlet_worker::executor_harness::Ended;

use crate::isolate::data;
use crate::memory;
use crate::oracle::Finding;
use crate::random::Random;
use crate::step::{Program, Step};

/// Memory that decoding may take for each byte of the batch, beside the tensors.
const PER_BYTE: usize = 4096;
const SLACK: usize = 2 << 20;

/// Submits a stream's operations as a spoilt batch.
pub fn submit_spoilt(random: &mut Random, program: &Program) -> Vec<Finding> {
    let mut harness = program.allowance.harness(1);
    let mut batch = Vec::new();
    for step in &program.steps {
        match step {
            Step::Upload {
                tensor,
                data: bytes,
            } => {
                // Refusals are part of the game.
                let _ = harness.upload(tensor.id.value(), data(tensor, bytes.clone()));
            }
            Step::Op(op) => {
                if let Ok(encoded) = postcard::to_stdvec(&MessageRef::Op(op)) {
                    batch.extend(encoded);
                }
            }
            Step::Read(_) => {}
        }
    }
    spoil(random, &mut batch);
    let (before, _) = memory::usage();
    memory::restart_peak();
    let ended = harness.submit(&batch);
    let (_, peak) = memory::usage();
    let mut findings = Vec::new();
    let mut find = |rule: &str, detail: String| {
        findings.push(Finding {
            rule: rule.to_owned(),
            operation: "batch".to_owned(),
            detail,
        });
    };
    let most = program.allowance.tensor_bytes as usize + SLACK + PER_BYTE * batch.len();
    if memory::installed() && peak.saturating_sub(before) > most {
        let detail = format!("{} bytes for a batch of {}", peak - before, batch.len());
        find("decoding takes bounded memory", detail);
    }
    if let Err(Ended::Ours(message)) = ended {
        find("no stream is a fault of ours", message);
    }
    if memory::trampled() {
        find(
            "writes only its own memory",
            "a guard was overwritten".to_owned(),
        );
    }
    findings
}

fn spoil(random: &mut Random, batch: &mut Vec<u8>) {
    for _ in 0..=random.below(6) {
        if batch.is_empty() {
            return;
        }
        let at = random.below(batch.len());
        match random.below(7) {
            0 => batch[at] ^= 1 << random.below(8),
            1 => batch[at] = random.bits() as u8,
            2 => drop(batch.remove(at)),
            3 => batch.insert(at, random.bits() as u8),
            // The longest numbers that the encoding has.
            4 => drop(batch.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
            5 => drop(batch.splice(
                at..=at,
                [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            )),
            _ => batch.truncate(at),
        }
    }
}
