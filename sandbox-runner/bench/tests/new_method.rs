//! The crate that `gauntlet method new` writes, compiled natively with what this workspace
//! has compiled already: its source, and the test that comes with it.

#![expect(
    unreachable_pub,
    reason = "what is public in a crate of its own is a module here"
)]

#[path = "../../../examples/methods/starter/src/lib.rs"]
mod starter;

use gauntlet_method::prelude::*;
use starter::Starter;

include!("../../workbench/src/scaffold/template/tests.rs.in");
