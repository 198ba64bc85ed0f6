//! What is held in memory of the worst archives, counted by the allocator.

#![expect(
    unsafe_code,
    reason = "an allocator cannot be written otherwise; every call is passed on as it is"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use gauntlet_image::{ImageLimits, IntakeError, Refusal, check};
use tar::{EntryType, Header};

/// Most that may be held; decoders' windows are not the allocator's.
const MOST: usize = 48 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: memory comes from `System` and goes back to it, with the caller's own layouts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract is the same, and it came from `System`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A tar file that is made while it is read.
struct Generated<I> {
    pieces: I,
    piece: io::Cursor<Vec<u8>>,
}

impl<I: Iterator<Item = Vec<u8>>> Read for Generated<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.next() {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
    }
}

fn header(kind: EntryType, name: &str, link: &str, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Bytes held at most while an archive of these pieces is checked, and how it ends.
fn held(pieces: impl Iterator<Item = Vec<u8>>) -> (usize, Refusal) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let archive = Generated {
        pieces,
        piece: io::Cursor::default(),
    };
    let refusal = match check(archive, &ImageLimits::default()) {
        Err(IntakeError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    (PEAK.load(Relaxed) - before, refusal)
}

/// A layer of so many entries, as the only member.
fn layer(entries: u64, entry: impl Fn(u64) -> Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    let size = 512 * entries + 1024;
    std::iter::once(header(EntryType::Regular, "layer.tar", "", size))
        .chain((0..entries).map(entry))
        .chain([vec![0; 1024], vec![0; 1024]])
}

/// One test, as all of the process counts.
#[test]
fn the_worst_archives_are_not_held_in_memory() {
    // Documents, or what begins like some: the largest that there may be, then four times
    // that. All of them together are some hundred megabytes.
    for size in [1 << 20, 4 << 20] {
        let mut document = vec![b' '; size];
        document[0] = b'{';
        let members = (0..(256 << 20) / size).flat_map(move |number| {
            let name = format!("{number}.json");
            let head = header(EntryType::Regular, &name, "", document.len() as u64);
            [head, document.clone()]
        });
        let (most, refusal) = held(members.chain([vec![0; 1024]]));
        assert!(refusal.detail.contains("neither"), "{refusal}");
        assert!(most < MOST, "{most} bytes of documents of {size}");
    }
    // Files, and links with targets of their own, as many as an image may have.
    let limit = ImageLimits::default().entries;
    let name = |number: u64| format!("{}/{number:080}", number % 1000);
    let (most, refusal) = held(layer(limit - 1000, |number| {
        header(EntryType::Regular, &name(number), "", 0)
    }));
    assert!(refusal.detail.contains("neither"), "{refusal}");
    assert!(most < MOST, "{most} bytes of files");
    let (most, refusal) = held(layer(limit - 1000, |number| {
        header(
            EntryType::Symlink,
            &name(number),
            &format!("{number:090}"),
            0,
        )
    }));
    assert!(refusal.limit == Some(8 << 20), "{refusal}");
    assert!(most < MOST, "{most} bytes of links");
    // Layers beside one another, each with a little.
    let small = |number: u64| {
        let member = header(EntryType::Regular, &format!("{number}.tar"), "", 2048);
        let content = header(EntryType::Regular, "x", "", 0);
        [member, content, vec![0; 1536]].concat()
    };
    let (most, refusal) = held((0..1999).map(small).chain([vec![0; 1024]]));
    assert!(refusal.detail.contains("neither"), "{refusal}");
    assert!(most < MOST, "{most} bytes of layers");
}
