//! Guests that want to come out differently from one machine or moment to the next.

use super::{Row, before};
use crate::expected::Expected::{Harmless, Refused};
use crate::guest::Guest;

/// Adds to a NaN with a payload, read from memory so that no compiler does it beforehand;
/// the bits of the sum are left on the stack.
pub(crate) const NAN_SUM: &str = "(i32.store (i32.const 0) (i32.const 0x7fa00001))
    (i32.reinterpret_f32 (f32.add (f32.load (i32.const 0)) (f32.const 1)))";

/// Guests that want to come out differently from one machine or moment to the next.
pub(super) fn rows() -> Vec<Row> {
    // Folded text may hold a statement before an operand.
    let unless_canonical =
        format!("(if (i32.ne {NAN_SUM} (i32.const 0x7fc00000)) (then unreachable))");
    let lanes = "(v128.store (i32.const 0) (v128.const i32x4 0x7fa00001 0xffa00001 1 2))
        (v128.store (i32.const 16) (f32x4.add (v128.load (i32.const 0)) (v128.load (i32.const 0))))
        (if (i32.ne (i32.load (i32.const 16)) (i32.const 0x7fc00000)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 20)) (i32.const 0x7fc00000)) (then unreachable))";
    let double = "(i64.store (i32.const 0) (i64.const 0x7ff4000000000001))
        (if (i64.ne (i64.reinterpret_f64 (f64.sqrt (f64.load (i32.const 0))))
                    (i64.const 0x7ff8000000000000)) (then unreachable))";
    let clock = |module: &str, name: &str, ty: &str| {
        Guest::bare(&format!(r#"(import "{module}" "{name}" (func {ty}))"#))
    };
    vec![
        (
            "a NaN that remembers where it came from",
            before(&unless_canonical),
            Harmless,
        ),
        ("NaNs in the lanes of a vector", before(lanes), Harmless),
        (
            "a NaN of doubles from a square root",
            before(double),
            Harmless,
        ),
        (
            "multiplication whose rounding is the machine's choice",
            Guest::bare(
                "(func (result v128) (f32x4.relaxed_madd (v128.const i32x4 0 0 0 0)
                 (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0)))",
            ),
            Refused("switched off"),
        ),
        (
            "atomic operations",
            Guest::bare("(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))"),
            Refused("switched off"),
        ),
        (
            "a clock",
            clock(
                "wasi_snapshot_preview1",
                "clock_time_get",
                "(param i32 i64 i32) (result i32)",
            ),
            Refused("WASI"),
        ),
        (
            "randomness of the machine's",
            clock(
                "wasi_snapshot_preview1",
                "random_get",
                "(param i32 i32) (result i32)",
            ),
            Refused("WASI"),
        ),
        (
            "a clock under the host's own name",
            clock("gauntlet_v2", "now", "(result i64)"),
            Refused("lacks"),
        ),
    ]
}
