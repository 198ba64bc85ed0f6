//! Hostile guests, each with the verdict it must end in. What each does is in `guest.c`.

/// How a guest must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It completes: what it tried was refused, or came to nothing.
    Harmless,
    Budget(&'static str),
    Memory(&'static str),
    /// The method's fault, with these words in the message.
    Method(&'static str),
}

use Expected::{Budget, Harmless, Memory, Method};

type Row = (&'static str, Expected);

/// Use up what there is.
pub(crate) const RESOURCES: &[Row] = &[
    ("fork-bomb", Harmless),
    ("memory", Memory("process")),
    // One of its processes was killed for memory; that the others end well does not help.
    ("child-out-of-memory", Memory("process")),
    ("takes-memory", Memory("process")),
    ("fill-tmp", Harmless),
    ("fill-shm", Harmless),
    ("fill-out", Harmless),
    ("many-files", Harmless),
    ("zombies", Harmless),
    ("sleeps", Budget("wall")),
    ("ignores-signals", Budget("wall")),
    ("orphan", Harmless),
];

/// Say too much, or leave what is no output.
pub(crate) const OUTPUT: &[Row] = &[
    ("flood", Method("said too much")),
    ("flood-stderr", Method("said too much")),
    ("endless-line", Method("said too much")),
    ("ansi", Harmless),
    // Its first line is 20,000 brackets: a log line that is cut.
    ("json-bomb", Harmless),
    ("symlink", Method("not a regular file")),
    ("symlink-to-data", Method("not a regular file")),
    ("fifo", Method("not a regular file")),
    ("socket-file", Method("not a regular file")),
    ("hard-link", Method("not a regular file")),
    ("folder", Method("not a regular file")),
    ("sparse", Memory("output")),
    ("garbage", Method("no safetensors file")),
    ("no-output", Method("is not there")),
    ("forged-score", Harmless),
    ("silent", Method("without the contract's last line")),
    ("contradicts", Method("contradict each other")),
    ("blames", Method("refuses the contract")),
    ("other-version", Method("version 9")),
    ("aborts", Method("signal 6")),
];

/// Ask the kernel for what they may not have.
pub(crate) const KERNEL: &[Row] = &[
    ("af-alg", Harmless),
    ("af-vsock", Harmless),
    ("network", Harmless),
    ("host-socket", Harmless),
    ("io-uring", Harmless),
    ("keyctl", Harmless),
    ("bpf", Harmless),
    ("name-spaces", Harmless),
    ("locks", Harmless),
    ("other-processes", Harmless),
    ("mounts", Harmless),
    ("modules", Harmless),
    ("legacy-calls", Harmless),
];

/// Look around and write where they may not.
pub(crate) const FILES: &[Row] = &[
    ("kernel-files", Harmless),
    ("root", Harmless),
    ("image-files", Harmless),
    ("data", Harmless),
    ("hidden", Harmless),
    ("devices", Harmless),
    ("privileges", Harmless),
    ("environment", Harmless),
    ("execute-from-tmp", Harmless),
    ("execute-from-output", Harmless),
    ("leaves-marks", Harmless),
    ("finds-marks", Harmless),
];

/// What differs where the output folder is a plain one that is watched: if the runner is
/// not root, or the engine does not see its mounts. `None`: nothing is promised, so nothing
/// is tried.
pub(crate) const WATCHED: &[(&str, Option<Expected>)] = &[
    ("fill-out", Some(Memory("output"))),
    ("many-files", Some(Memory("output"))),
    ("execute-from-output", None),
];
