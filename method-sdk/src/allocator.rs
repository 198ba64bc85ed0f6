//! The guest's allocator: free lists by size for what is small, Rust's own for the rest.
//!
//! Building one tensor operation allocates and frees some dozen small blocks, and on
//! this target Rust's allocator (dlmalloc) took a fifth of all the time a guest spends.
//! A guest has one thread and lives for one phase, so a block's whole story is: cut
//! from a chunk once, then pushed to and popped from the list of its size. Blocks are
//! never joined and chunks never given back; what a method has held at once in small
//! blocks, it keeps.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]
// Sound because WebAssembly here has one thread (threads are off in the engine), so
// nothing else touches the lists while a function below runs; because a block on a list
// is free, large and aligned enough to hold the link, and in no other list; and because
// the size class follows from the layout alone, which is the same when a block comes back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// Classes are multiples of this, which is also the alignment of every block.
const STEP: usize = 16;
/// Blocks up to `STEP * CLASSES` bytes are small.
const CLASSES: usize = 64;
/// Bytes asked of Rust's allocator at once to cut blocks from.
const CHUNK: usize = 64 << 10;

/// See the module's documentation.
pub(crate) struct FreeLists(UnsafeCell<State>);

struct State {
    /// The first free block of each class; a free block's first word is the next one.
    free: [*mut u8; CLASSES],
    /// What is left of the newest chunk.
    rest: *mut u8,
    rest_bytes: usize,
}

unsafe impl Sync for FreeLists {}

impl FreeLists {
    /// Empty lists.
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(State {
            free: [null_mut(); CLASSES],
            rest: null_mut(),
            rest_bytes: 0,
        }))
    }
}

/// Which list a layout's blocks are on, if it is small.
#[inline(always)]
fn class(layout: Layout) -> Option<usize> {
    let class = layout.size().wrapping_sub(1) / STEP;
    (class < CLASSES && layout.align() <= STEP).then_some(class)
}

impl State {
    #[cold]
    unsafe fn cut(&mut self, class: usize) -> *mut u8 {
        let bytes = (class + 1) * STEP;
        if self.rest_bytes < bytes {
            let chunk = unsafe { System.alloc(Layout::from_size_align_unchecked(CHUNK, STEP)) };
            if chunk.is_null() {
                return chunk;
            }
            // What was left of the old chunk is less than one block; it stays unused.
            (self.rest, self.rest_bytes) = (chunk, CHUNK);
        }
        let block = self.rest;
        self.rest = unsafe { block.add(bytes) };
        self.rest_bytes -= bytes;
        block
    }
}

unsafe impl GlobalAlloc for FreeLists {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class(layout) else {
            return unsafe { System.alloc(layout) };
        };
        let state = unsafe { &mut *self.0.get() };
        let block = state.free[class];
        if block.is_null() {
            return unsafe { state.cut(class) };
        }
        state.free[class] = unsafe { block.cast::<*mut u8>().read() };
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(class) = class(layout) else {
            return unsafe { System.dealloc(block, layout) };
        };
        let state = unsafe { &mut *self.0.get() };
        unsafe { block.cast::<*mut u8>().write(state.free[class]) };
        state.free[class] = block;
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(new)) {
            (Some(old), Some(new)) if old == new => block,
            (None, None) => unsafe { System.realloc(block, layout, size) },
            _ => {
                let moved = unsafe { self.alloc(new) };
                if !moved.is_null() {
                    let bytes = layout.size().min(size);
                    unsafe { std::ptr::copy_nonoverlapping(block, moved, bytes) };
                    unsafe { self.dealloc(block, layout) };
                }
                moved
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of many sizes come and go in an order that a small generator decides;
    /// each is filled with its own byte and must still hold it when it goes.
    #[test]
    fn blocks_do_not_overlap_and_keep_what_is_written() {
        let lists = FreeLists::new();
        let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
        let mut state = 1_u64;
        let mut random = |most: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % most
        };
        let intact = |(block, layout, mark): (*mut u8, Layout, u8)| {
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            assert!(bytes.iter().all(|byte| *byte == mark));
        };
        for round in 0..200_000_u64 {
            let mark = round as u8;
            match random(5) {
                0 | 1 if !live.is_empty() => {
                    let gone = live.swap_remove(random(live.len() as u64) as usize);
                    intact(gone);
                    unsafe { lists.dealloc(gone.0, gone.1) };
                }
                2 if !live.is_empty() => {
                    let index = random(live.len() as u64) as usize;
                    let (block, layout, old) = live[index];
                    let size = 1 + random(1_500) as usize;
                    let moved = unsafe { lists.realloc(block, layout, size) };
                    let layout = Layout::from_size_align(size, layout.align()).unwrap();
                    let kept = size.min(live[index].1.size());
                    let bytes = unsafe { std::slice::from_raw_parts_mut(moved, size) };
                    assert!(bytes[..kept].iter().all(|byte| *byte == old));
                    bytes.fill(mark);
                    live[index] = (moved, layout, mark);
                }
                _ => {
                    let align = 1 << random(7);
                    let layout = Layout::from_size_align(1 + random(1_500) as usize, align);
                    let layout = layout.unwrap();
                    let block = unsafe { lists.alloc(layout) };
                    assert!(!block.is_null() && (block as usize).is_multiple_of(align));
                    unsafe { block.write_bytes(mark, layout.size()) };
                    live.push((block, layout, mark));
                }
            }
        }
        for (block, layout, mark) in live {
            intact((block, layout, mark));
            unsafe { lists.dealloc(block, layout) };
        }
    }
}
