//! The table of live tensors, and how many bytes they hold.
//!
//! A view (a reshape, a slice) may share its input's storage, or may have copied
//! it: only the backend knows. The ledger charges whichever holds more:
//!
//! * every tensor is charged its own bytes;
//! * a tensor that is gone, but may have left its storage to several views, is
//!   still charged;
//! * once only one view is left, either its own copy or the old storage exists,
//!   so the view is charged the larger of the two.
//!
//! So a method cannot hold a large buffer for the price of one element of it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use burn_backend::{DType, Shape};

/// What the ledger knows about a live tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its shape, which is the shape the backend's tensor really has.
    pub shape: Shape,
    /// Its dtype.
    pub dtype: DType,
    /// Elements times size of the dtype.
    pub bytes: u64,
    /// Do its elements certainly lie in order, with nothing before, between or behind
    /// them? If not, the backend may copy it whenever it is an operand.
    pub contiguous: bool,
}

/// Index of a slot in the table.
pub(crate) type Slot = u32;

const NONE: Slot = Slot::MAX;

#[derive(Debug)]
struct Record {
    entry: Entry,
    /// Bytes charged: the entry's own, or what it may have inherited.
    charge: u64,
    /// Size of the largest storage that this tensor can be a view of.
    storage: u64,
    /// The tensor whose storage this one may share.
    parent: Slot,
    /// How many tensors may share this one's storage,
    children: u32,
    /// and the XOR of their slots, which names the last one left.
    children_xor: Slot,
    /// False once its id is freed.
    alive: bool,
    /// The operation that consumed it last, while that operation is being checked.
    consumed_by: u64,
}

/// The table of live tensors.
#[derive(Debug)]
pub(crate) struct Table {
    ids: HashMap<u64, Slot, IdHash>,
    records: Vec<Record>,
    free: Vec<Slot>,
    live_bytes: u64,
    peak_bytes: u64,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            ids: HashMap::with_capacity_and_hasher(1024, IdHash::random()),
            records: Vec::with_capacity(1024),
            free: Vec::new(),
            live_bytes: 0,
            peak_bytes: 0,
        }
    }

    pub(crate) fn slot(&self, id: u64) -> Option<Slot> {
        self.ids.get(&id).copied()
    }

    pub(crate) fn entry(&self, slot: Slot) -> &Entry {
        &self.records[slot as usize].entry
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Entry> {
        self.slot(id).map(|slot| self.entry(slot))
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    pub(crate) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// Note that so many bytes beside the live ones are needed for a moment.
    pub(crate) fn reach(&mut self, more: u64) {
        self.peak_bytes = self.peak_bytes.max(self.live_bytes.saturating_add(more));
    }

    /// Has operation `sequence` already consumed this tensor?
    pub(crate) fn consumed(&self, slot: Slot, sequence: u64) -> bool {
        self.records[slot as usize].consumed_by == sequence
    }

    /// Note that operation `sequence` consumes this tensor. It stays until [`Self::release`].
    pub(crate) fn consume(&mut self, slot: Slot, sequence: u64) {
        self.records[slot as usize].consumed_by = sequence;
    }

    /// Might this tensor sit on storage that is larger than itself?
    pub(crate) fn may_hold_more(&self, slot: Slot) -> bool {
        let record = &self.records[slot as usize];
        record.parent != NONE || record.charge > record.entry.bytes
    }

    /// Size of the largest storage that a tensor can be a view of.
    pub(crate) fn storage(&self, slot: Slot) -> u64 {
        self.records[slot as usize].storage
    }

    /// Add a tensor, which may share the storage of `parent`, or own storage of `at_least`
    /// so many bytes. The id must be new.
    pub(crate) fn insert(&mut self, id: u64, entry: Entry, at_least: u64, parent: Option<Slot>) {
        let charge = entry.bytes.max(at_least);
        let record = Record {
            entry,
            charge,
            storage: charge.max(parent.map_or(0, |parent| self.storage(parent))),
            parent: parent.unwrap_or(NONE),
            children: 0,
            children_xor: 0,
            alive: true,
            consumed_by: 0,
        };
        let slot = if let Some(slot) = self.free.pop() {
            self.records[slot as usize] = record;
            slot
        } else {
            self.records.push(record);
            // Limits keep the number of tensors far below `Slot::MAX`.
            (self.records.len() - 1) as Slot
        };
        if let Some(parent) = parent {
            let parent = &mut self.records[parent as usize];
            parent.children += 1;
            parent.children_xor ^= slot;
        }
        self.ids.insert(id, slot);
        self.live_bytes += charge;
        self.peak_bytes = self.peak_bytes.max(self.live_bytes);
    }

    /// Free an id, and its bytes unless views may hold them.
    pub(crate) fn release(&mut self, id: u64) {
        if let Some(slot) = self.ids.remove(&id) {
            self.records[slot as usize].alive = false;
            self.collapse(slot);
        }
    }

    /// Give up a dead record that nothing shares, or hand it on to its only view.
    fn collapse(&mut self, mut slot: Slot) {
        loop {
            let record = &self.records[slot as usize];
            if record.alive {
                return;
            }
            let (charge, parent) = (record.charge, record.parent);
            match record.children {
                0 => {
                    self.live_bytes -= charge;
                    self.free.push(slot);
                    if parent == NONE {
                        return;
                    }
                    let above = &mut self.records[parent as usize];
                    above.children -= 1;
                    above.children_xor ^= slot;
                    slot = parent;
                }
                1 => {
                    let child = record.children_xor;
                    let heir = &mut self.records[child as usize];
                    self.live_bytes -= charge.min(heir.charge);
                    heir.charge = heir.charge.max(charge);
                    heir.parent = parent;
                    self.free.push(slot);
                    if parent != NONE {
                        self.records[parent as usize].children_xor ^= slot ^ child;
                    }
                    return;
                }
                _ => return,
            }
        }
    }
}

/// Hashes tensor ids with one multiplication, keyed at random because the guest chooses the ids.
#[derive(Clone, Debug)]
struct IdHash {
    key: u64,
}

impl IdHash {
    fn random() -> Self {
        Self {
            key: RandomState::new().hash_one(0_u8),
        }
    }
}

impl BuildHasher for IdHash {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.key)
    }
}

struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        // Folded multiplication: every bit of the id reaches every bit of the hash.
        let product = u128::from(self.0 ^ id) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}
