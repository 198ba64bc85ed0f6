//! Runs steps through the executor and judges what happens.

use std::collections::BTreeMap;

use burn_flex::Flex;
use burn_ir::{OperationIr, TensorId, TensorIr, TensorStatus};
use gauntlet_validator::{OperationKind, operation_name};
use gauntlet_worker::executor_harness::{Ended, ExecutorHarness};
use serde::{Deserialize, Serialize};

use crate::compare::difference;
use crate::expected_panics::is_expected;
use crate::isolate::{data, is_empty, is_random, isolated, shared};
use crate::memory;
use crate::step::{Allowance, Step};

/// Memory beside the tensors: the ledger's table, the backend's scratch space that it keeps.
const SLACK: i64 = 1 << 20;
/// Memory that a tensor's handle and its entries take.
const SLACK_PER_TENSOR: i64 = 2048;
/// Operands together that an operation is repeated on.
const REPEATED: usize = 1 << 22;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule was broken.
    pub rule: String,
    /// By which operation.
    pub operation: String,
    /// How it shows.
    pub detail: String,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was done.
    Done,
    /// It was refused, for this reason.
    Refused(String),
    /// It would have passed a limit.
    Limit,
    /// It failed while it was executed: the run is over.
    Over,
}

/// What an oracle has seen.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Steps that were done.
    pub done: u64,
    /// Steps that were refused.
    pub refused: u64,
    /// Steps that would have passed a limit.
    pub limited: u64,
    /// Operations that failed because of their data.
    pub failed: u64,
    /// Operations that were repeated in isolation, to the same result.
    pub repeated: u64,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.limited += other.limited;
        self.failed += other.failed;
        self.repeated += other.repeated;
    }
}

/// A run under observation.
pub struct Oracle {
    harness: ExecutorHarness<Flex>,
    allowance: Allowance,
    /// What the tensors are, and their contents when they were made.
    live: BTreeMap<u64, (TensorIr, Vec<u8>)>,
    /// Bytes that the executor has allocated and not given back.
    held: i64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What was seen.
    pub tally: Tally,
}

impl Oracle {
    /// A new run.
    #[must_use]
    pub fn new(allowance: Allowance, seed: u64) -> Self {
        Self {
            harness: allowance.harness(seed),
            allowance,
            live: BTreeMap::new(),
            held: 0,
            findings: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// The tensors that are alive.
    #[must_use]
    pub fn live(&self) -> Vec<TensorIr> {
        self.live
            .values()
            .map(|(tensor, _)| shared(tensor))
            .collect()
    }

    fn find(&mut self, rule: &str, operation: &str, detail: impl Into<String>) {
        // What follows from the first is not counted again.
        if self.findings.iter().any(|finding| finding.rule == rule) {
            return;
        }
        self.findings.push(Finding {
            rule: rule.to_owned(),
            operation: operation.to_owned(),
            detail: detail.into(),
        });
    }

    /// Performs a step.
    pub fn perform(&mut self, step: &Step) -> Verdict {
        let name = match step {
            Step::Upload { .. } => "upload".to_owned(),
            Step::Op(op) => operation_name(op),
            Step::Read(_) => "read".to_owned(),
        };
        let ended = match step {
            Step::Upload { tensor, data } => self.upload(tensor, data),
            Step::Op(op) => self.execute(&name, op),
            Step::Read(tensor) => self.read(&name, tensor),
        };
        if memory::trampled() {
            self.find(
                "writes only its own memory",
                &name,
                "a guard was overwritten",
            );
        }
        match ended {
            Ok(()) => {
                self.tally.done += 1;
                Verdict::Done
            }
            Err(Ended::Limit(_)) => {
                self.tally.limited += 1;
                Verdict::Limit
            }
            Err(Ended::Refused(message)) => {
                self.tally.refused += 1;
                let reason = message.strip_prefix(&name).unwrap_or_default();
                // Of an index outside the host learns later.
                let late = self.allowance.guarding && message.contains("an index lies outside");
                if reason.len() < 20 && !late {
                    self.find("a refusal names operation and reason", &name, &message);
                }
                Verdict::Refused(message)
            }
            Err(Ended::Panicked(panic)) => {
                self.tally.failed += 1;
                let live = &self.live;
                let contents = |id: TensorId| live.get(&id.value()).map(|(_, bytes)| bytes.clone());
                let expected = match step {
                    Step::Op(op) => is_expected(op, self.allowance.guarding, &contents),
                    _ => false,
                };
                let named = match step {
                    Step::Op(op) => panic.starts_with(&OperationKind::of(op).to_string()),
                    _ => true,
                };
                if !expected {
                    self.find("nothing that the ledger accepts panics", &name, &panic);
                } else if !named {
                    self.find("a failure names the operation", &name, &panic);
                }
                Verdict::Over
            }
            Err(Ended::Ours(message)) => {
                self.find("no stream is a fault of ours", &name, message);
                Verdict::Over
            }
        }
    }

    /// Lets the executor act, and sees what it allocates.
    fn measured<T>(&mut self, name: &str, act: impl FnOnce(&mut ExecutorHarness<Flex>) -> T) -> T {
        let (before, _) = memory::usage();
        memory::restart_peak();
        let result = act(&mut self.harness);
        let (after, peak) = memory::usage();
        if !memory::installed() {
            return result;
        }
        let slack = SLACK + SLACK_PER_TENSOR * self.allowance.tensors as i64;
        let most = self.held + (peak - before.min(peak)) as i64;
        let allowed = self.allowance.tensor_bytes as i64;
        if most > allowed + slack {
            let detail = format!("{most} bytes at once, {allowed} are allowed");
            self.find("memory stays within the limit", name, detail);
        }
        self.held += after as i64 - before as i64;
        let charged = self.harness.meters().live_bytes as i64;
        if self.held > charged + slack {
            let detail = format!("{} bytes are held, {charged} are charged", self.held);
            self.find("what is held is charged", name, detail);
        }
        result
    }

    fn upload(&mut self, tensor: &TensorIr, contents: &[u8]) -> Result<(), Ended> {
        let id = tensor.id.value();
        self.measured("upload", |harness| {
            harness.upload(id, data(tensor, contents.to_vec()))
        })?;
        if self.live.contains_key(&id) {
            self.find("ids are not used twice", "upload", format!("{id} existed"));
        }
        self.live.insert(id, (shared(tensor), contents.to_vec()));
        Ok(())
    }

    fn read(&mut self, name: &str, tensor: &TensorIr) -> Result<(), Ended> {
        let known = self.live.get(&tensor.id.value()).cloned();
        // Compared and given back here, so that the executor's memory is seen as it is.
        let told = self.measured(name, |harness| {
            let data = harness.read(tensor.clone())?;
            let told =
                known.and_then(|(known, kept)| difference(known.dtype, &kept, data.as_bytes()));
            Ok::<_, Ended>(told)
        })?;
        self.used(name, tensor);
        if let Some(told) = told {
            self.find("a tensor keeps its value", name, told);
        }
        self.release([tensor]);
        Ok(())
    }

    /// An operand of something that was accepted.
    fn used(&mut self, name: &str, tensor: &TensorIr) {
        let id = tensor.id.value();
        match self.live.get(&id) {
            None => self.find(
                "only living tensors are used",
                name,
                format!("{id} is gone"),
            ),
            Some((real, _)) if real.shape != tensor.shape || real.dtype != tensor.dtype => {
                let detail = format!("{real:?} was taken for {tensor:?}");
                self.find("operands are what they are said to be", name, detail);
            }
            Some(_) => {}
        }
    }

    fn release<'a>(&mut self, operands: impl IntoIterator<Item = &'a TensorIr>) {
        for operand in operands {
            if operand.status == TensorStatus::ReadWrite {
                self.live.remove(&operand.id.value());
            }
        }
    }

    fn execute(&mut self, name: &str, op: &OperationIr) -> Result<(), Ended> {
        self.measured(name, |harness| harness.execute(op.clone()))?;
        let operands: BTreeMap<u64, TensorIr> = (op.inputs())
            .map(|operand| (operand.id.value(), operand.clone()))
            .collect();
        for operand in operands.values() {
            // It declares a tensor that was uploaded.
            if !matches!(op, OperationIr::Init(_)) {
                self.used(name, operand);
            }
        }
        let contents: Vec<_> = (operands.keys())
            .filter_map(|id| self.live.get(id).cloned())
            .collect();
        let all_there = contents.len() == operands.len();
        self.release(op.inputs());
        let mut outputs = Vec::new();
        if !matches!(op, OperationIr::Init(_)) {
            for output in op.outputs() {
                outputs.push(self.output(name, output)?);
            }
        }
        let size: usize = contents.iter().map(|(_, bytes)| bytes.len()).sum();
        let made: usize = outputs.iter().map(Vec::len).sum();
        if all_there && !outputs.is_empty() && size.max(made) <= REPEATED && !is_random(op) {
            self.repeat(name, op, &contents, &outputs);
        }
        if is_empty(op) && outputs.iter().flatten().any(|&byte| byte != 0) {
            self.find("new memory is zero", name, "it is not");
        }
        Ok(())
    }

    fn output(&mut self, name: &str, output: &TensorIr) -> Result<Vec<u8>, Ended> {
        let id = output.id.value();
        if self.live.contains_key(&id) {
            self.find("ids are not used twice", name, format!("{id} existed"));
        }
        let real = self.harness.observe(id)?;
        if real.shape() != &output.shape || real.dtype() != output.dtype {
            // The backend keeps the truth values of a few operations as bytes.
            let bytes = output.dtype.is_bool() && real.dtype() == burn_backend::DType::U8;
            if real.shape() != &output.shape || !bytes {
                let detail = format!("{:?} {:?} for {output:?}", real.shape(), real.dtype());
                self.find("outputs are what they are said to be", name, detail);
            }
        }
        let bytes = real.as_bytes().to_vec();
        self.live.insert(id, (shared(output), bytes.clone()));
        Ok(bytes)
    }

    /// The result depends on the operands alone.
    fn repeat(
        &mut self,
        name: &str,
        op: &OperationIr,
        operands: &[(TensorIr, Vec<u8>)],
        outputs: &[Vec<u8>],
    ) {
        match isolated(op, operands, self.allowance.guarding) {
            Ok(again) => {
                self.tally.repeated += 1;
                for ((output, first), second) in op.outputs().zip(outputs).zip(&again) {
                    if let Some(told) = difference(output.dtype, first, second) {
                        let detail = format!("{told} when it was repeated on copies");
                        self.find("a result depends on its operands alone", name, detail);
                    }
                }
            }
            Err(ended) => {
                let detail = format!("on copies of its operands it ended so: {ended:?}");
                self.find("a result depends on its operands alone", name, detail);
            }
        }
    }

    /// Looks at every living tensor once more, then frees all: nothing may remain.
    pub fn close(&mut self, over: bool) {
        let live: Vec<_> = self.live.values().cloned().collect();
        for (tensor, kept) in &live {
            // After a failure the operands of the operation that failed may be gone.
            let Ok(real) = self.harness.observe(tensor.id.value()) else {
                if !over {
                    let id = tensor.id.value();
                    self.find("a tensor keeps its value", "end", format!("{id} is gone"));
                }
                continue;
            };
            if let Some(told) = difference(tensor.dtype, kept, real.as_bytes()) {
                let detail = format!("{tensor:?}: {told}");
                self.find("a tensor keeps its value", "end", detail);
            }
        }
        if over {
            return;
        }
        for (tensor, _) in &live {
            let last = TensorIr {
                status: TensorStatus::ReadWrite,
                ..tensor.clone()
            };
            let freed = self.measured("end", |harness| harness.execute(OperationIr::Drop(last)));
            if let Err(ended) = freed {
                // Freeing costs a little work, too.
                if !matches!(ended, Ended::Limit(_)) {
                    self.find("a tensor can be freed", "end", format!("{ended:?}"));
                }
                return;
            }
        }
        let meters = self.harness.meters();
        if meters.live_bytes != 0 || meters.live_tensors != 0 {
            let detail = format!("{meters:?} after everything was freed");
            self.find("what is freed is not charged", "end", detail);
        }
    }
}
