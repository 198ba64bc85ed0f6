//! The mutation check: a wall or a limit is taken away, and a guest gets its way that does
//! not otherwise. A defence that no guest needs is untested.

use std::fmt::Write as _;

use gauntlet_container::ContainerConfig;

use super::expected::Expected::{self, Harmless, Memory, Method};
use super::{Harness, NEVER, SHORTLY, figures, fits, tight};
use crate::support::Place;

/// Changes a configuration.
type Change = fn(&mut ContainerConfig);

/// A defence that is taken away.
struct Mutation {
    what: &'static str,
    /// A second defence that stands behind it: away both times.
    behind: Change,
    /// Takes the defence away.
    change: Change,
    /// The guest that gets its way then, and how it ends otherwise.
    guest: &'static str,
    expected: Expected,
}

/// Nothing stands behind it.
const ALONE: Change = |_| ();
/// Nobody cannot write the files anyway: the mount is for whoever becomes root.
const AS_ROOT: Change = |config| config.layers.privileges = false;
/// It would else meet the limit of memory first.
const ROOMY: Change = |config| config.memory_bytes = ROOM;
const ROOM: u64 = 4 << 30;

const fn mutation(
    what: &'static str,
    behind: Change,
    change: Change,
    guest: &'static str,
    expected: Expected,
) -> Mutation {
    Mutation {
        what,
        behind,
        change,
        guest,
        expected,
    }
}

const MUTATIONS: &[Mutation] = &[
    mutation(
        "the filter: keys",
        ALONE,
        |config| config.layers.filter = false,
        "keyctl",
        Harmless,
    ),
    mutation(
        "the filter: locks",
        ALONE,
        |config| config.layers.filter = false,
        "locks",
        Harmless,
    ),
    mutation(
        "the filter: sockets",
        ALONE,
        |config| config.layers.filter = false,
        "network",
        Harmless,
    ),
    mutation(
        "user and privileges",
        ALONE,
        |config| config.layers.privileges = false,
        "privileges",
        Harmless,
    ),
    mutation(
        "user and privileges: devices",
        ALONE,
        |config| config.layers.privileges = false,
        "devices",
        Harmless,
    ),
    mutation(
        "name space of processes",
        ALONE,
        |config| config.layers.processes = false,
        "other-processes",
        Harmless,
    ),
    mutation(
        "read-only data",
        AS_ROOT,
        |config| config.layers.read_only_data = false,
        "data",
        Harmless,
    ),
    mutation(
        "read-only image",
        AS_ROOT,
        |config| config.layers.read_only_root = false,
        "image-files",
        Harmless,
    ),
    mutation(
        "nothing executed from /tmp",
        ALONE,
        |config| config.layers.no_exec = false,
        "execute-from-tmp",
        Harmless,
    ),
    mutation(
        "a network of its own",
        ALONE,
        |config| config.layers.network = false,
        "host-socket",
        Harmless,
    ),
    mutation(
        "number of processes",
        ROOMY,
        |config| config.processes = 4096,
        "fork-bomb",
        Harmless,
    ),
    mutation(
        "memory",
        ALONE,
        |config| config.memory_bytes = ROOM,
        "takes-memory",
        Memory("process"),
    ),
    mutation(
        "size of /tmp",
        ROOMY,
        |config| config.tmp_bytes = 1 << 30,
        "fill-tmp",
        Harmless,
    ),
    mutation(
        "size of /dev/shm",
        ROOMY,
        |config| config.shm_bytes = 1 << 30,
        "fill-shm",
        Harmless,
    ),
    mutation(
        "bytes of output",
        ALONE,
        |config| config.output_bytes = u64::MAX >> 1,
        "flood",
        Method("said too much"),
    ),
];

#[tokio::test]
async fn without_a_defence_a_guest_gets_its_way() {
    let mut harness = Harness::new().await;
    let mut unproved = String::new();
    for mutation in MUTATIONS {
        let Mutation {
            what,
            behind,
            change,
            guest,
            expected,
        } = mutation;
        harness.place = Place::with(|config| {
            tight(config);
            behind(config);
        })
        .await;
        let (with, _) = harness.run(guest).await;
        harness.place = Place::with(|config| {
            tight(config);
            behind(config);
            change(config);
        })
        .await;
        // What it tried it got, and said so; a flood that nobody stops lasts to the end.
        let (its_way, wall_ms) = match expected {
            Method(_) => (Expected::Budget("wall"), SHORTLY),
            _ => (Method("ESCAPED"), NEVER),
        };
        let (without, _) = harness.run_for(guest, wall_ms).await;
        if !fits(*expected, &with) || !fits(its_way, &without) {
            writeln!(unproved, "{what}: {guest}: {with:?}, then {without:?}").unwrap();
        }
    }
    let proved = MUTATIONS.len() - unproved.lines().count();
    figures::part(
        "container-mutations",
        &[
            ("mitigations", MUTATIONS.len()),
            ("mitigations_proved", proved),
        ],
    );
    assert!(unproved.is_empty(), "{unproved}");
}
