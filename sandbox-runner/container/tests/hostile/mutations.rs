//! The mutation check: a wall or a limit is taken away, and a guest gets its way that does
//! not otherwise. A defence that no guest needs is untested.

use std::fmt::Write as _;

use gauntlet_container::ContainerConfig;

use super::expected::Expected::{self, Harmless, Method};
use super::{Bench, figures, fits, tight};
use crate::support::Place;

/// Takes a defence away.
type Change = fn(&mut ContainerConfig);

/// What is taken away, the guest that gets its way then, and how it ends otherwise.
const MUTATIONS: &[(&str, Change, &str, Expected)] = &[
    (
        "the filter: keys",
        |config| config.walls.filter = false,
        "keyctl",
        Harmless,
    ),
    (
        "the filter: locks",
        |config| config.walls.filter = false,
        "locks",
        Harmless,
    ),
    (
        "the filter: sockets",
        |config| config.walls.filter = false,
        "network",
        Harmless,
    ),
    (
        "user and privileges",
        |config| config.walls.privileges = false,
        "privileges",
        Harmless,
    ),
    (
        "user and privileges: devices",
        |config| config.walls.privileges = false,
        "devices",
        Harmless,
    ),
    (
        "name space of processes",
        |config| config.walls.processes = false,
        "other-processes",
        Harmless,
    ),
    (
        "read-only data",
        |config| config.walls.read_only_data = false,
        "data",
        Harmless,
    ),
    (
        "nothing executed from /tmp",
        |config| config.walls.no_exec = false,
        "execute-from-tmp",
        Harmless,
    ),
    (
        "number of processes",
        |config| config.processes = 4096,
        "fork-bomb",
        Harmless,
    ),
    (
        "bytes of output",
        |config| config.output_bytes = u64::MAX >> 1,
        "flood",
        Method("said too much"),
    ),
];

#[tokio::test]
async fn without_a_defence_a_guest_gets_its_way() {
    let mut bench = Bench::new().await;
    let mut unproved = String::new();
    for (what, change, guest, expected) in MUTATIONS {
        // Nobody cannot write the data's files anyway: the mount is for whoever becomes root.
        let as_root = *guest == "data";
        // Its processes would else meet the limit of memory first.
        let roomy = *guest == "fork-bomb";
        let base = |config: &mut ContainerConfig| {
            tight(config);
            config.walls.privileges &= !as_root;
            if roomy {
                config.memory_bytes = 4 << 30;
            }
        };
        bench.place = Place::with(base).await;
        let (with, _) = bench.run(guest).await;
        bench.place = Place::with(|config| {
            base(config);
            change(config);
        })
        .await;
        let (without, _) = bench.run(guest).await;
        // What it tried it got, and said so; a flood that nobody stops lasts to the end.
        let its_way = match expected {
            Harmless => Method("ESCAPED"),
            _ => Expected::Budget("wall"),
        };
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
