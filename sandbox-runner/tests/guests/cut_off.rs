//! A guest is cut off at the same instruction on a busy machine as on an idle one, whether
//! it computes itself or has the host compute.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn_backend::{DType, Shape};
use burn_ir::{OperationIr, TensorStatus};
use gauntlet_worker_protocol::{Limits, Meters, Outcome, Phase};

use crate::figures;
use crate::guest::{Guest, tensor};
use crate::harness::{Harness, LIMITS, job};

/// Counts for ever, and checks the count in each time: what is kept when it is cut off
/// says how far it got.
fn counter() -> Guest {
    let mut guest = Guest::default();
    let header = postcard::to_allocvec(&(Shape::from([1_usize]), DType::F32)).unwrap();
    let header = guest.constant(&header);
    let checkpoint = guest.checkpoint("count", 90);
    let drop = guest.submit(&[OperationIr::Drop(tensor(90, &[1], TensorStatus::ReadWrite))]);
    guest.train(&format!(
        "(local $count i32) (local $spin i32)
         (loop $for_ever
           (local.set $count (i32.add (local.get $count) (i32.const 1)))
           (f32.store (i32.const 64) (f32.convert_i32_u (local.get $count)))
           (call $upload (i64.const 90) {header} (i32.const 64) (i32.const 4))
           {checkpoint} {drop}
           ;; Work of the guest's own, of another amount each time.
           (local.set $spin (i32.mul (i32.rem_u (local.get $count) (i32.const 7)) (i32.const 1000)))
           (loop $spinning
             (local.set $spin (i32.sub (local.get $spin) (i32.const 1)))
             (br_if $spinning (i32.gt_s (local.get $spin) (i32.const 0))))
           (br $for_ever))"
    ))
}

/// The counter's module, compiled once.
struct Counting {
    harness: Harness,
    module: PathBuf,
}

impl Counting {
    async fn new() -> Self {
        let harness = Harness::new();
        let module = harness.sandbox.compile(&counter().module()).await.unwrap();
        let module = module.path;
        Self { harness, module }
    }

    /// How far it gets with so much work, and what it used.
    async fn run(&self, work: u64) -> (Option<u32>, Meters) {
        let model = self.harness.at("model");
        let _there_may_be_none = fs::remove_file(&model);
        let phase = Phase::Train {
            train: self.harness.at("train"),
            base: None,
            model: model.clone(),
        };
        let limits = Limits {
            work,
            wall_ms: 60_000,
            ..LIMITS
        };
        let (result, _) = self.harness.told(job(&self.module, phase, limits)).await;
        let (outcome, meters) = result.unwrap();
        let limit = "work".to_owned();
        let count = if outcome
            == (Outcome::CutOff {
                limit: limit.clone(),
                step: 0,
            }) {
            Some(count(&model))
        } else {
            assert_eq!(outcome, Outcome::BudgetExceeded { limit });
            None
        };
        let meters = Meters {
            wall_micros: 0,
            ..meters
        };
        (count, meters)
    }
}

fn count(model: &Path) -> u32 {
    let bytes = fs::read(model).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let count = file.tensor("count").unwrap();
    f32::from_le_bytes(count.data().try_into().unwrap()) as u32
}

/// Threads that do nothing but keep the processor busy, as long as this is alive.
struct Load(Arc<AtomicBool>);

impl Load {
    fn new() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..3 * cores {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(stop)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn outside_figure_a_guest_is_cut_off_at_the_same_instruction_on_a_busy_machine() {
    let counting = Counting::new().await;
    let all = LIMITS.work;
    let (most, _) = counting.run(all).await;
    let most = most.unwrap();
    assert!(most > 100, "it counted to {most}");
    // The least work with which it gets as far as half of that: with one unit less it does not.
    let half = most / 2;
    let (mut too_little, mut enough) = (0, all);
    while enough - too_little > 1 {
        let middle = too_little.midpoint(enough);
        let (count, _) = counting.run(middle).await;
        if count >= Some(half) {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    let works = [all, enough, too_little, all / 3, 1_000];
    let mut idle = Vec::new();
    for work in works {
        idle.push(counting.run(work).await);
    }
    assert_eq!((idle[1].0, idle[2].0), (Some(half), Some(half - 1)));
    assert_eq!(idle[4].0, None, "that is not enough for a checkpoint");
    let mut busy = Vec::new();
    {
        let _load = Load::new();
        for work in works {
            busy.push(counting.run(work).await);
        }
    }
    figures::outside("guest_cutoff_equal", usize::from(idle == busy));
    assert_eq!(idle, busy);
}
