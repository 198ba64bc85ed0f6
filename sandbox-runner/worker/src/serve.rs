//! The main thread: executes what the guest's thread hands over, in order.

use std::time::Instant;

use burn_ir::BackendIr;

use crate::command_queue::{Answer, Command, CommandReceiver, Question};
use crate::events::{Events, micros};
use crate::executor::{Executor, Held};
use crate::stop::Stop;

/// Reported tensors are read when this many wait, or when the device has been waited for anyway.
const MOST_HELD: usize = 64;

/// The executor with what it tells while it works.
pub(crate) struct Service<B: BackendIr> {
    executor: Executor<B>,
    events: Events,
    receiver: CommandReceiver,
    process_began: Instant,
    held: Vec<Report<B>>,
    /// The first failure. Nothing is executed after it.
    failure: Option<Stop>,
}

struct Report<B: BackendIr> {
    step: u64,
    name: String,
    at: Instant,
    value: Held<B>,
}

impl<B: BackendIr> Service<B> {
    pub(crate) fn new(
        executor: Executor<B>,
        events: Events,
        receiver: CommandReceiver,
        process_began: Instant,
    ) -> Self {
        Self {
            executor,
            events,
            receiver,
            process_began,
            held: Vec::new(),
            failure: None,
        }
    }

    /// Serves until the guest closes the queue. Returns the way to tell more, and why
    /// executing failed, if it did; everything in the queue came before whatever
    /// stopped the guest, so this is then what ended the run.
    pub(crate) fn serve(mut self) -> (Events, Option<Stop>) {
        let mut first = true;
        while let Some(mut batch) = self.receiver.next() {
            if std::mem::take(&mut first) {
                self.events
                    .first_operation(micros(self.process_began.elapsed()));
            }
            for command in batch.drain(..) {
                self.obey(command);
            }
            self.receiver.spent(batch);
        }
        // However it ended, what was reported before is told.
        let settled = self.settle();
        if self.failure.is_none() {
            self.failure = settled.err();
        }
        (self.events, self.failure)
    }

    fn obey(&mut self, command: Command) {
        if let Command::Put { data, .. } = &command {
            self.receiver.arrived(data.as_bytes().len());
        }
        let done = match (command, &self.failure) {
            (Command::Ask(question), None) => self.reply(question),
            (Command::Ask(_), Some(failure)) => {
                self.receiver.answer(Err(failure.clone()));
                Ok(())
            }
            (command, None) => self.act(command),
            (_, Some(_)) => Ok(()),
        };
        if let Err(stop) = done {
            self.failure = Some(stop);
        }
    }

    fn act(&mut self, command: Command) -> Result<(), Stop> {
        match command {
            Command::Operation(operation) => self.executor.execute(operation),
            Command::Seed(seed) => {
                self.executor.seed(seed);
                Ok(())
            }
            Command::Put { id, data } => self.executor.put(id, data),
            Command::ReportTensor { step, name, tensor } => {
                self.held.push(Report {
                    step,
                    name,
                    at: Instant::now(),
                    value: self.executor.hold(tensor),
                });
                if self.held.len() >= MOST_HELD {
                    self.settle()?;
                }
                Ok(())
            }
            Command::Report { step, name, value } => {
                self.events.metric(step, &name, value, Instant::now());
                Ok(())
            }
            Command::Log(line) => {
                self.events.log(&line);
                Ok(())
            }
            Command::Progress(used) => {
                self.events.progress(used);
                Ok(())
            }
            Command::Snapshot { sixteenths, work } => {
                self.events.snapshot(sixteenths, work);
                Ok(())
            }
            Command::Ask(question) => self.reply(question),
        }
    }

    fn reply(&mut self, question: Question) -> Result<(), Stop> {
        let answer = match question {
            Question::Read(tensor) => self.executor.read(tensor).map(Answer::Data),
            Question::Sync => self.executor.sync().map(|()| Answer::Done),
            Question::DtypeUsage(dtype) => Ok(Answer::Usage(self.executor.dtype_usage(dtype))),
        };
        // The device has been waited for anyway.
        let answer = answer.and_then(|answer| self.settle().map(|()| answer));
        let failed = answer.as_ref().err().cloned();
        self.receiver.answer(answer);
        failed.map_or(Ok(()), Err)
    }

    /// Reads every report that waits and tells it.
    fn settle(&mut self) -> Result<(), Stop> {
        let mut settled = self.executor.settle();
        // One that cannot be read must not take the others with it.
        for report in std::mem::take(&mut self.held) {
            match report.value.value() {
                Ok(value) => self
                    .events
                    .metric(report.step, &report.name, value, report.at),
                Err(stop) => settled = settled.and(Err(stop)),
            }
        }
        settled
    }
}
