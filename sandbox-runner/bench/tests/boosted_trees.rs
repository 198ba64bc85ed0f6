//! The example's own tests of what it computes. Methods are a workspace of their own, whose tests
//! nobody would run; these files need nothing of it.

#![expect(
    unreachable_pub,
    dead_code,
    reason = "what is tested is public for the method, which is not here"
)]

#[path = "../../../examples/methods/boosted-trees/src/boosting.rs"]
mod boosting;
#[path = "../../../examples/methods/boosted-trees/src/columns.rs"]
mod columns;
#[path = "../../../examples/methods/boosted-trees/src/tree.rs"]
mod tree;
