//! The queue between the guest's thread, which builds and checks, and the main
//! thread, which executes. The guest need not wait for the device, and what it does
//! between operations costs nothing as long as the device is busy.
//!
//! Order is program order, and the ledger is asked on the guest's side: what a method
//! sees (budget left, refusals) does not depend on how far the device has got.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::time::{Duration, Instant};

use burn_backend::{DType, TensorData};
use burn_ir::{OperationIr, TensorIr};

use crate::stop::Stop;

/// Batches that may wait: enough to even out long and short operations, few enough
/// that freed tensors are really freed soon.
const MOST_BATCHES: usize = 16;
/// Commands handed over at once at most, while the guest hands over nothing itself.
const MOST_PENDING: usize = 64;
/// Bytes of data parts and uploads that may wait. The ledger counts them from the
/// moment they are checked; this bounds those that it has seen freed again since.
const MOST_WAITING_BYTES: usize = 64 << 20;
/// How long an empty queue is watched before its thread sleeps. To be woken costs
/// tens of microseconds, as much as dozens of small operations.
const WATCH: Duration = Duration::from_micros(60);

/// Something checked that the main thread is to do.
#[expect(
    clippy::large_enum_variant,
    reason = "operations are by far the commonest"
)]
pub(crate) enum Command {
    /// Execute an operation.
    Operation(OperationIr),
    /// Restart the device's random stream.
    Seed(u64),
    /// Put data on the device.
    Put { id: u64, data: TensorData },
    /// Report a tensor's single float, when it is there.
    ReportTensor {
        step: u64,
        name: String,
        tensor: TensorIr,
    },
    /// Report a number.
    Report {
        step: u64,
        name: String,
        value: Option<f64>,
    },
    /// Write a line to the log.
    Log(String),
    /// Tell how much of the budget is used.
    Progress(f64),
    /// Tell that a checkpoint has been handed out.
    Snapshot { sixteenths: u32, work: u64 },
    /// Answer something; the guest waits.
    Ask(Question),
}

/// What a guest waits for.
pub(crate) enum Question {
    /// The elements of a tensor.
    Read(TensorIr),
    /// That everything before has been executed.
    Sync,
    /// What a dtype can be used for.
    DtypeUsage(DType),
}

/// The answer to a [`Question`].
pub(crate) enum Answer {
    Data(TensorData),
    Done,
    Usage(u32),
}

/// The guest's end of the queue.
pub(crate) struct Commands {
    pending: Vec<Command>,
    batches: Option<SyncSender<Vec<Command>>>,
    spent: Receiver<Vec<Command>>,
    answers: Receiver<Result<Answer, Stop>>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// The main thread's end of the queue.
pub(crate) struct CommandReceiver {
    batches: Receiver<Vec<Command>>,
    spent: Sender<Vec<Command>>,
    answers: Sender<Result<Answer, Stop>>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// Both ends of a new queue.
pub(crate) fn queue() -> (Commands, CommandReceiver) {
    let (batches_in, batches) = sync_channel(MOST_BATCHES);
    let (spent_in, spent) = channel();
    let (answers_in, answers) = channel();
    let waiting_bytes = Arc::new(AtomicUsize::new(0));
    let commands = Commands {
        pending: Vec::with_capacity(MOST_PENDING),
        batches: Some(batches_in),
        spent,
        answers,
        waiting_bytes: Arc::clone(&waiting_bytes),
    };
    let receiver = CommandReceiver {
        batches,
        spent: spent_in,
        answers: answers_in,
        waiting_bytes,
    };
    (commands, receiver)
}

impl Commands {
    /// Where checked commands are put; [`Self::hand_over`] sends them off.
    pub(crate) fn pending(&mut self) -> &mut Vec<Command> {
        &mut self.pending
    }

    /// Adds a command, to be handed over with the next batch.
    pub(crate) fn push(&mut self, command: Command) -> Result<(), Stop> {
        if let Command::Put { data, .. } = &command {
            let bytes = data.as_bytes().len();
            let waiting = self.waiting_bytes.load(Ordering::Relaxed);
            if waiting > 0 && waiting + bytes > MOST_WAITING_BYTES {
                self.ask(Question::Sync)?;
            }
            self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        self.pending.push(command);
        if self.pending.len() >= MOST_PENDING {
            self.hand_over();
        }
        Ok(())
    }

    /// Hands everything pending to the main thread; waits if that is far behind.
    pub(crate) fn hand_over(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let next = self
            .spent
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(MOST_PENDING));
        let batch = std::mem::replace(&mut self.pending, next);
        if let Some(batches) = &self.batches {
            // Fails only if the main thread has panicked, which ends the process.
            let _ = batches.send(batch);
        }
    }

    /// Asks, and waits for the answer. A failure of anything handed over before is
    /// the answer to everything asked after it.
    pub(crate) fn ask(&mut self, question: Question) -> Result<Answer, Stop> {
        self.pending.push(Command::Ask(question));
        self.hand_over();
        watched(&self.answers)
            .unwrap_or_else(|| Err(Stop::Infrastructure("the executor is gone".to_owned())))
    }

    /// Hands over what is left and closes the queue: the main thread ends when it is empty.
    pub(crate) fn close(&mut self) {
        self.hand_over();
        self.batches = None;
    }
}

impl CommandReceiver {
    /// The next batch in order, or `None` when the guest has closed the queue.
    pub(crate) fn next(&self) -> Option<Vec<Command>> {
        watched(&self.batches)
    }

    /// Gives a used batch back, so that its memory serves again.
    pub(crate) fn spent(&self, batch: Vec<Command>) {
        // Nobody may be left to take it.
        let _ = self.spent.send(batch);
    }

    /// Notes that so many bytes of data no longer wait.
    pub(crate) fn arrived(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn answer(&self, answer: Result<Answer, Stop>) {
        // A guest that was stopped meanwhile has gone away.
        let _ = self.answers.send(answer);
    }
}

/// Receives, watching for a while before going to sleep.
fn watched<T>(receiver: &Receiver<T>) -> Option<T> {
    let mut began = None;
    loop {
        for _ in 0..64 {
            match receiver.try_recv() {
                Ok(value) => return Some(value),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => std::hint::spin_loop(),
            }
        }
        if began.get_or_insert_with(Instant::now).elapsed() > WATCH {
            return receiver.recv().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use burn_backend::Shape;

    use super::*;

    fn data(bytes: usize) -> TensorData {
        TensorData::from_bytes_vec(vec![0; bytes], Shape::from([bytes]), DType::U8)
    }

    /// Executes nothing, but notes what comes and answers what is asked.
    fn attend(receiver: CommandReceiver) -> std::thread::JoinHandle<(Vec<u64>, usize)> {
        std::thread::spawn(move || {
            let (mut seeds, mut most_waiting) = (Vec::new(), 0);
            while let Some(mut batch) = receiver.next() {
                for command in batch.drain(..) {
                    let waiting = receiver.waiting_bytes.load(Ordering::Relaxed);
                    most_waiting = most_waiting.max(waiting);
                    match command {
                        Command::Seed(seed) => seeds.push(seed),
                        Command::Put { data, .. } => receiver.arrived(data.as_bytes().len()),
                        Command::Ask(_) => receiver.answer(Ok(Answer::Done)),
                        _ => {}
                    }
                }
                receiver.spent(batch);
            }
            (seeds, most_waiting)
        })
    }

    #[test]
    fn commands_arrive_in_order_and_none_is_lost_when_the_guest_ends() {
        let (mut commands, receiver) = queue();
        let attendant = attend(receiver);
        for seed in 0..10_001 {
            commands.push(Command::Seed(seed)).unwrap();
            if seed % 1_000 == 500 {
                commands.ask(Question::Sync).unwrap();
            }
        }
        commands.close();
        let (seeds, _) = attendant.join().unwrap();
        assert_eq!(seeds, (0..10_001).collect::<Vec<_>>());
    }

    #[test]
    fn data_that_waits_is_bounded_whatever_the_ledger_has_seen_freed() {
        let (mut commands, receiver) = queue();
        let attendant = attend(receiver);
        let part = MOST_WAITING_BYTES / 3;
        for id in 0..50 {
            let data = data(part);
            commands.push(Command::Put { id, data }).unwrap();
        }
        commands.close();
        let (_, most_waiting) = attendant.join().unwrap();
        assert!(most_waiting <= MOST_WAITING_BYTES, "{most_waiting}");
    }

    #[test]
    fn a_question_to_nobody_is_our_fault() {
        let (mut commands, receiver) = queue();
        drop(receiver);
        let Err(stop) = commands.ask(Question::Sync) else {
            panic!("nobody can have answered");
        };
        assert!(matches!(stop, Stop::Infrastructure(_)));
    }
}
