//! Uploads made to fill the memory or the disk of who takes them in.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::shell::figure;
use crate::shell::wire::{address, answer, begin, send, token};
use crate::support::{Data, Up};

const MIB: usize = 1 << 20;
const IMAGE: &str = "application/x-tar";
const MODULE: &str = "application/wasm";

/// A body that is made while it is sent: pieces, each so many times.
struct Body {
    kind: &'static str,
    pieces: Vec<(Vec<u8>, usize)>,
}

impl Body {
    fn of(kind: &'static str, pieces: impl Into<Vec<(Vec<u8>, usize)>>) -> Self {
        Self {
            kind,
            pieces: pieces.into(),
        }
    }

    fn reader(self) -> Box<dyn Read> {
        let nothing: Box<dyn Read> = Box::new(std::io::empty());
        self.pieces
            .into_iter()
            .fold(nothing, |before, (piece, times)| {
                let again = (0..times).map(move |_| Cursor::new(piece.clone()));
                again.fold(before, |before, piece| Box::new(before.chain(piece)))
            })
    }
}

/// The head of a member of a tar file.
fn head(name: &str, kind: u8, size: usize) -> Vec<u8> {
    let mut head = vec![0; 512];
    head[..name.len()].copy_from_slice(name.as_bytes());
    head[100..107].copy_from_slice(b"0000644");
    head[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    head[148..156].fill(b' ');
    head[156] = kind;
    head[257..263].copy_from_slice(b"ustar ");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    head
}

/// Compressed; files of `gzip` one after the other are one.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-9")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let out = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    out
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push((number % 128) as u8 | 128);
        number /= 128;
    }
    bytes.push(number as u8);
    bytes
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], &leb(content.len())[..], content].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [&b"\0asm\x01\0\0\0"[..], &sections.concat()].concat()
}

/// Ten of them, each with what it is.
fn hostile() -> Vec<(&'static str, Body)> {
    let mut document = vec![b' '; 4 * MIB];
    document[0] = b'{';
    let member = gzip(&[head("x.json", b'0', 4 * MIB), document].concat());
    let entries: Vec<u8> = (0..100_000)
        .flat_map(|number| head(&format!("{}/{number:080}", number % 1000), b'0', 0))
        .collect();
    let zeros = gzip(&vec![0; 8 * MIB]);
    let inner = gzip(&zeros.repeat(16));
    let deep = vec![b'['; MIB];
    let types = [leb(1_000_000), [0x60, 0, 0].repeat(1_000_000)].concat();
    let blocks = [
        vec![0],
        [0x02, 0x40].repeat(2 * MIB),
        vec![0x0b; 2 * MIB + 1],
    ]
    .concat();
    let code = [leb(1), leb(blocks.len()), blocks].concat();
    let functions = [
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        section(10, &code),
    ];
    vec![
        (
            "eight gigabytes of documents",
            Body::of(IMAGE, [(member, 2000)]),
        ),
        (
            "a hundred thousand files",
            Body::of(
                IMAGE,
                [
                    (head("layer.tar", b'0', entries.len()), 1),
                    (entries, 1),
                    (vec![0; 1024], 1),
                ],
            ),
        ),
        (
            "a name of two gigabytes",
            Body::of(
                IMAGE,
                [
                    (gzip(&head("././@LongLink", b'L', 2048 * MIB)), 1),
                    (zeros.clone(), 256),
                ],
            ),
        ),
        (
            "a header of two gigabytes",
            Body::of(
                IMAGE,
                [
                    (gzip(&head("pax", b'x', 2048 * MIB)), 1),
                    (zeros.clone(), 256),
                ],
            ),
        ),
        (
            "a layer that unpacks twice",
            Body::of(
                IMAGE,
                [(head("layer.tar", b'0', inner.len()), 1), (inner, 1)],
            ),
        ),
        (
            "brackets",
            Body::of(
                IMAGE,
                [(head("manifest.json", b'0', deep.len()), 1), (deep, 1)],
            ),
        ),
        ("zeros", Body::of(IMAGE, [(zeros, 4096)])),
        (
            "bytes that are no module",
            Body::of(MODULE, [(module(&[]), 1), (vec![0xff; MIB], 15)]),
        ),
        (
            "a million types",
            Body::of(MODULE, [(module(&[section(1, &types)]), 1)]),
        ),
        (
            "two million blocks in each other",
            Body::of(MODULE, [(module(&functions), 1)]),
        ),
    ]
}

/// A line of the process's status, in KiB.
fn memory(pid: i32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let found = status.lines().find_map(|one| one.strip_prefix(line));
    let number = found.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => 1,
        })
        .sum()
}

#[test]
fn shell_figure_hostile_uploads_fill_neither_memory_nor_disk() {
    let data = Data::new();
    let up = Up::start(&data, &["--no-runner"]);
    let create = "tournament create cup --task digits --seed 1 --rungs 1 --blocks 1";
    data.json(create.split(' '));
    data.json(["tournament", "open", "cup"]);
    let address = address(&up);
    let bodies = hostile();
    assert_eq!(bodies.len(), 10);
    let tokens: Vec<String> = bodies.iter().map(|_| token(&data, "miner").1).collect();
    let stored = files(&data.path().join("blobs"));
    let pid = up.pid();
    let rest = memory(pid, "VmRSS:");
    // The most from here on.
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();

    let answers: Vec<(&str, (u16, serde_json::Value))> = std::thread::scope(|scope| {
        let sending: Vec<_> = bodies
            .into_iter()
            .zip(&tokens)
            .enumerate()
            .map(|(nth, ((what, body), token))| {
                let address = &address;
                scope.spawn(move || {
                    let path = format!("/api/v1/tournaments/cup/submissions?name=m{nth}");
                    let mut stream = begin(address, "POST", &path, token, Some(body.kind));
                    send(&mut stream, &mut body.reader());
                    (what, answer(stream))
                })
            })
            .collect();
        sending.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let grown = (memory(pid, "VmHWM:") - rest) / 1024.0;
    figure("upload_rss_mib", grown);
    for (what, (status, problem)) in &answers {
        // Where the answer came before the body had been sent, the connection may have been
        // gone before it could be read.
        assert!(
            matches!(status, 0 | 400 | 413 | 422 | 429 | 503),
            "{what}: {status} {problem}"
        );
        if *status != 0 {
            assert!(problem["help"].is_string(), "{what}: {problem}");
        }
    }
    let said = answers.iter().filter(|(_, (status, _))| *status != 0);
    assert!(said.count() >= 5, "{answers:#?}");
    assert!(grown <= 200.0, "{grown} MiB: {answers:#?}");
    // All were refused: nothing of them is left, half or whole.
    let orphans = files(&data.path().join("blobs")).saturating_sub(stored);
    figure("orphan_blobs_after", orphans as f64);
    assert_eq!(orphans, 0);
    // And it goes on.
    data.json(["tournament", "show", "cup"]);
}
