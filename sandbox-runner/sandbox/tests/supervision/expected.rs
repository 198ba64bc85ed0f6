//! Every behaviour of the stand-in worker with what must come of it.

/// What must come of a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Completed,
    Budget(&'static str),
    Memory(&'static str),
    /// The method's fault, with these words in the message.
    Method(&'static str),
    /// Ours, with these words in the message.
    Fault(&'static str),
}

pub(crate) use Expected::{Budget, Completed, Fault, Memory, Method};

pub(crate) const TABLE: &[(&str, Expected)] = &[
    ("honest", Completed),
    ("sleeps", Budget("wall")),
    ("spins", Budget("wall")),
    ("ignores-signals", Budget("wall")),
    ("lingers", Completed),
    ("says-nothing", Fault("exit status 0")),
    ("fails", Fault("exit status 3")),
    ("panics", Fault("panicked at somewhere")),
    ("aborts-early", Fault("SIGABRT")),
    ("aborts", Method("SIGABRT")),
    ("segfaults", Method("SIGSEGV")),
    ("bad-system-call", Method("system call")),
    ("killed", Fault("SIGKILL")),
    ("out-of-memory", Memory("process")),
    // `dd` says so in its own words: nobody's proof that the method did it.
    ("eats-memory", Fault("memory exhausted")),
    ("floods-output", Method("bytes of events")),
    ("long-line", Method("a line of more than")),
    ("floods-errors", Completed),
    ("garbage", Fault("is not an event")),
    ("unfinished-line", Fault("is not an event")),
    ("background-child", Completed),
    ("background-child-quiet", Completed),
    ("escaped-child", Completed),
    ("no-output", Fault("no output")),
    ("link-output", Method("symbolic link")),
    ("hard-link-output", Method("second name")),
    ("pipe-output", Method("pipe")),
    ("folder-output", Method("folder")),
    ("sparse-output", Memory("output")),
    ("large-output", Memory("output")),
    ("budget", Budget("work")),
    ("method", Method("unreachable")),
    ("platform", Fault("no device")),
];
