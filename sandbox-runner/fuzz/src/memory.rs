//! An allocator that counts, poisons and guards.
//!
//! New memory, and memory that is given back, is filled with a pattern that changes
//! between the two executions of an operation whose results are compared: what reads
//! memory that it did not write shows. Behind each allocation lie guard bytes that
//! are looked at when it is given back: what writes beyond its end shows. An
//! allocation that no stream may cause is refused, which aborts the process, which
//! the parent process reports.

#![expect(
    unsafe_code,
    reason = "an allocator cannot be written otherwise; every block comes from `System` with a \
              layout that is larger by the guard, and goes back with the same one"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed};

/// Bytes behind each allocation.
const GUARD: usize = 16;
const GUARD_BYTE: u8 = 0xc7;
/// Larger allocations than this are refused.
const LARGEST: usize = 1 << 30;
/// Only so much of an allocation is poisoned: large ones come zeroed from the kernel.
const POISONED: usize = 1 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static PATTERN: AtomicU8 = AtomicU8::new(0xa5);
static TRAMPLED: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// To be made the global allocator.
#[derive(Debug)]
pub struct Guarded;

fn guarded(layout: Layout) -> Option<Layout> {
    if layout.size() > LARGEST {
        return None;
    }
    Layout::from_size_align(layout.size() + GUARD, layout.align()).ok()
}

// SAFETY: memory comes from `System`, for a layout that is at least as large and aligned
// the same way; `dealloc` computes that layout in the same way as `alloc`.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(larger) = guarded(layout) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the size is not zero, as the guard is not.
        let memory = unsafe { System.alloc(larger) };
        if !memory.is_null() {
            // SAFETY: both ranges lie within the `larger.size()` bytes just allocated.
            unsafe {
                memory.write_bytes(PATTERN.load(Relaxed), layout.size().min(POISONED));
                memory.add(layout.size()).write_bytes(GUARD_BYTE, GUARD);
            }
            count(layout.size());
        }
        memory
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(larger) = guarded(layout) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the size is not zero, as the guard is not.
        let memory = unsafe { System.alloc_zeroed(larger) };
        if !memory.is_null() {
            // SAFETY: the guard lies within the `larger.size()` bytes just allocated.
            unsafe { memory.add(layout.size()).write_bytes(GUARD_BYTE, GUARD) };
            count(layout.size());
        }
        memory
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let resized = Layout::from_size_align(size, layout.align()).ok();
        let (Some(old), Some(new)) = (guarded(layout), resized.and_then(guarded)) else {
            return std::ptr::null_mut();
        };
        // SAFETY: `memory` is a live block of `old.size()` bytes from `System`, and the
        // guards lie within the old and the new block.
        unsafe {
            check(memory.add(layout.size()));
            let moved = System.realloc(memory, old, new.size());
            if moved.is_null() {
                memory.add(layout.size()).write_bytes(GUARD_BYTE, GUARD);
                return moved;
            }
            if size > layout.size() {
                let more = (size - layout.size()).min(POISONED);
                moved
                    .add(layout.size())
                    .write_bytes(PATTERN.load(Relaxed), more);
            }
            moved.add(size).write_bytes(GUARD_BYTE, GUARD);
            LIVE.fetch_sub(layout.size(), Relaxed);
            count(size);
            moved
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // It was allocated, so there is such a layout.
        let Some(larger) = guarded(layout) else {
            return;
        };
        // SAFETY: `memory` is a live block of `larger.size()` bytes from `System`.
        unsafe {
            check(memory.add(layout.size()));
            memory.write_bytes(!PATTERN.load(Relaxed), layout.size().min(POISONED));
            System.dealloc(memory, larger);
        }
    }
}

/// # Safety
/// A guard begins at `guard`.
unsafe fn check(guard: *const u8) {
    // SAFETY: as the caller says.
    let guard = unsafe { std::slice::from_raw_parts(guard, GUARD) };
    if guard.iter().any(|&byte| byte != GUARD_BYTE) {
        TRAMPLED.store(true, Relaxed);
    }
}

fn count(bytes: usize) {
    INSTALLED.store(true, Relaxed);
    let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(live, Relaxed);
}

/// Allocated bytes, now and at most since [`restart_peak`].
#[must_use]
pub fn usage() -> (usize, usize) {
    (LIVE.load(Relaxed), PEAK.load(Relaxed))
}

/// Forgets what was allocated at most.
pub fn restart_peak() {
    PEAK.store(LIVE.load(Relaxed), Relaxed);
}

/// What new memory is filled with.
pub fn poison(pattern: u8) {
    PATTERN.store(pattern, Relaxed);
}

/// Has anything written beyond the end of an allocation, since this was last asked?
pub fn trampled() -> bool {
    TRAMPLED.swap(false, Relaxed)
}

/// Is this the global allocator of the process?
#[must_use]
pub fn installed() -> bool {
    INSTALLED.load(Relaxed)
}
