//! Operations waiting to be handed to the host.

use std::sync::Mutex;

use burn_ir::OperationIr;
use gauntlet_wire::ops::MessageRef;

use crate::raw;

/// Handing over costs well under a microsecond, so batches stay small: freed
/// tensors are really freed soon, and the host is never idle for long.
const MOST_OPERATIONS: usize = 64;

struct Queue {
    encoded: Vec<u8>,
    operations: usize,
    next_id: u64,
}

// A guest has one thread, so the lock is never contended; it only makes the static safe.
static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    encoded: Vec::new(),
    operations: 0,
    next_id: 1,
});

fn with<T>(act: impl FnOnce(&mut Queue) -> T) -> T {
    act(&mut QUEUE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}

impl Queue {
    fn push(&mut self, message: MessageRef<'_>) {
        let buffer = std::mem::take(&mut self.encoded);
        self.encoded =
            postcard::to_extend(&message, buffer).expect("an operation can always be encoded");
        self.operations += 1;
        if self.operations >= MOST_OPERATIONS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.operations > 0 {
            raw::submit(&self.encoded);
            self.encoded.clear();
            self.operations = 0;
        }
    }
}

/// A tensor id that has not been used: ids count up from 1, so that they are
/// the same in every repetition of a run.
#[must_use]
pub fn new_id() -> u64 {
    with(|queue| {
        let id = queue.next_id;
        queue.next_id += 1;
        id
    })
}

/// Hands every waiting operation to the host. Whatever reads or names a host
/// tensor must come after this.
pub fn flush() {
    with(Queue::flush);
}

pub(crate) fn push_operation(operation: &OperationIr) {
    with(|queue| queue.push(MessageRef::Op(operation)));
}

pub(crate) fn push_seed(seed: u64) {
    with(|queue| queue.push(MessageRef::Seed(seed)));
}
