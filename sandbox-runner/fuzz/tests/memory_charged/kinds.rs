//! Every operation of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use burn_ir::{BaseOperationIr, NumericOperationIr, OperationIr};
use gauntlet_validator::OperationKind;

use crate::MOST;
use crate::measure::{OVERHEAD, Taken, most_taken, on_threads};
use crate::support::Guest;
use crate::support::catalogue::{Source, catalogue};
use crate::{convolutions, windows};

/// What is charged for less tells nothing beside the overhead.
const LARGE: u64 = 400 << 10;
const ROUNDS: u32 = 40;

/// Operations whose sizes the catalogue keeps small, or makes absurd: see `windows` and `convolutions`.
const ELSEWHERE: [&str; 21] = [
    "unfold",
    "embedding",
    "attention",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "deform_conv2d",
    "avg_pool1d",
    "avg_pool2d",
    "max_pool1d",
    "max_pool2d",
    "adaptive_avg_pool",
    "interpolate",
    "interpolate, backward",
    "grid_sample_2d",
    "unfold4d",
    "linear",
    "matmul",
];

/// They share the memory of their operand on this backend, and copy it on others: they are
/// charged as if they copied.
const VIEWS: [&str; 7] = [
    "Reshape", "SwapDims", "Permute", "Flip", "Expand", "Unfold", "Slice)",
];

fn is_view(kind: &str) -> bool {
    VIEWS.iter().any(|view| kind.contains(view))
}

/// Is there nothing to do, so that the backend hands its operand on as it is? What it
/// gives shares the operand's memory like a view.
fn hands_on(op: &OperationIr) -> bool {
    use BaseOperationIr as Base;
    use NumericOperationIr as Numeric;
    match op {
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => {
            match op {
                Base::Cat(op) => op.tensors.len() == 1,
                Base::RepeatDim(op) => op.times == 1,
                Base::Cast(op) => op.input.dtype == op.out.dtype,
                _ => false,
            }
        }
        OperationIr::NumericFloat(_, op) | OperationIr::NumericInt(_, op) => match op {
            Numeric::Abs(op) => op.input.dtype.is_uint(),
            Numeric::SumDims(op) => op.axes.is_empty(),
            Numeric::Pad(op) => op.padding.iter().all(|&pair| pair == (0, 0)),
            _ => false,
        },
        _ => false,
    }
}

/// SplitMix64.
fn choices(seed: u64) -> Vec<u32> {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    (0..96)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as u32
        })
        .collect()
}

fn every_kind(found: &mut BTreeMap<String, Vec<(Taken, String)>>) {
    for (number, (name, make)) in catalogue().into_iter().enumerate() {
        if ELSEWHERE.contains(&name) {
            continue;
        }
        for round in 0..ROUNDS {
            let choices = choices(number as u64 * 1009 + u64::from(round));
            let mut guest = Guest::new();
            guest.large = true;
            let op = make(&mut Source::new(&mut guest, &choices));
            if !hands_on(&op) {
                note(&guest, &op, found);
            }
        }
    }
    for (guest, op) in convolutions::cases().into_iter().chain(windows::cases()) {
        note(&guest, &op, found);
    }
}

fn note(guest: &Guest, op: &OperationIr, found: &mut BTreeMap<String, Vec<(Taken, String)>>) {
    let kind = OperationKind::of(op).to_string();
    let described = || {
        let text = format!("{op:?}");
        text.chars()
            .filter(|c| !c.is_control())
            .take(600)
            .collect::<String>()
    };
    match most_taken(guest, op) {
        Ok(taken) => found.entry(kind).or_default().push((taken, described())),
        Err(ended) => panic!("{kind} ended with {ended:?}: {}", described()),
    }
}

#[test]
fn each_kind_is_charged_what_it_takes() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for threads in [1, 2] {
        let found = on_threads(threads, || {
            let mut found = BTreeMap::new();
            every_kind(&mut found);
            found
        });
        for (kind, all) in found {
            let large = |taken: &Taken| taken.charged >= LARGE || taken.real >= LARGE;
            let under = all
                .iter()
                .filter(|(taken, _)| taken.real > taken.charged + OVERHEAD)
                .min_by(|(a, _), (b, _)| a.ratio().total_cmp(&b.ratio()));
            let over = all
                .iter()
                .filter(|(taken, _)| large(taken) && taken.ratio() > MOST && !is_view(&kind))
                .max_by(|(a, _), (b, _)| a.ratio().total_cmp(&b.ratio()));
            if all.iter().any(|(taken, _)| large(taken)) {
                seen.insert(kind.clone());
            }
            for (taken, op) in under.into_iter().chain(over) {
                wrong.push(format!(
                    "{kind} on {threads}: {:.2} ({} charged, {} taken): {op}",
                    taken.ratio(),
                    taken.charged,
                    taken.real
                ));
            }
        }
    }
    println!("{} kinds", seen.len());
    assert!(
        wrong.is_empty(),
        "{} kinds:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
