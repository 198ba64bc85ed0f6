//! Small files that take long to check or to compile.

use std::fmt::Write;

use super::Row;
use super::modules::{number, section};
use crate::expected::Expected::{Harmless, Method, Refused};
use crate::guest::Guest;

/// A module with a function that keeps so many values alive at once, and computes each of
/// them anew from two so many times.
pub(crate) fn live_locals(count: usize, times: usize) -> Guest {
    let (mut sets, mut products, mut stores) = (String::new(), String::new(), String::new());
    for local in 0..count {
        // Places of their own, or a compiler would see that the values are the same.
        let (place, other) = (local * 8, (local * 7_919 + 13) % count);
        let _ = write!(sets, "(local.set {local} (i64.load (i32.const {place})))");
        let _ = write!(
            products,
            "(local.set {local} (i64.mul (local.get {local}) (local.get {other})))"
        );
        let _ = write!(
            stores,
            "(i64.store (i32.const {place}) (local.get {local}))"
        );
    }
    let (locals, products) = ("i64 ".repeat(count), products.repeat(times));
    Guest::honest().fields(&format!(
        "(func (local {locals}) {sets} {products} {stores})"
    ))
}

/// Bombs: small files that take long to check or to compile.
pub(super) fn rows() -> Vec<Row> {
    let deep = format!(
        "(func {} {})",
        "block ".repeat(50_000),
        "end ".repeat(50_000)
    );
    let operands = format!(
        "(func {} {})",
        "i32.const 1 ".repeat(10_000),
        "drop ".repeat(10_000)
    );
    let branches = |targets| {
        format!(
            "(func (param i32) block local.get 0 br_table {} 0 end)",
            "0 ".repeat(targets)
        )
    };
    let long = format!("(func {})", "(drop (i32.const 123456789))".repeat(120_000));
    let arms = {
        let depth = 2_000;
        let targets: Vec<String> = (0..depth).map(|arm| arm.to_string()).collect();
        format!(
            "(func (param i32) {} local.get 0 br_table {} 0 {})",
            "block ".repeat(depth),
            targets.join(" "),
            "end ".repeat(depth)
        )
    };
    vec![
        (
            "locals enough to keep a compiler busy",
            live_locals(8_000, 0),
            Refused("locals"),
        ),
        (
            "fifty thousand locals in a line",
            Guest::bytes({
                // Written out by hand: one group of 2^31 locals in five bytes.
                let body = [&[1, 0x80, 0x80, 0x80, 0x80, 0x08, 0x7e][..], &[0x0b]].concat();
                let code = [number(1), number(body.len()), body].concat();
                [
                    b"\0asm\x01\0\0\0".as_slice(),
                    &section(1, &[1, 0x60, 0, 0]),
                    &section(3, &[1, 0]),
                    &section(10, &code),
                ]
                .concat()
            }),
            Refused("locals"),
        ),
        (
            "a hundred thousand functions",
            Guest::bare(&"(func)".repeat(100_000)),
            Refused("functions"),
        ),
        (
            "one function of a megabyte",
            Guest::bare(&long),
            Refused("bytes of one function"),
        ),
        (
            "blocks within blocks",
            Guest::bare(&deep),
            Refused("blocks within blocks"),
        ),
        (
            "ten thousand values on the stack",
            Guest::bare(&operands),
            Refused("operands"),
        ),
        (
            "a jump with two hundred thousand targets",
            Guest::honest().fields(&branches(200_000)),
            Refused("targets"),
        ),
        (
            "a jump with sixty thousand targets",
            Guest::honest().fields(&branches(60_000)),
            Harmless,
        ),
        (
            "a jump out of two thousand blocks",
            Guest::honest().fields(&arms),
            Harmless,
        ),
        (
            "values enough to keep a compiler busy, as many as may be",
            live_locals(2_000, 2),
            Harmless,
        ),
        (
            "five thousand functions, as many as honest methods have",
            Guest::honest().fields(&"(func (result i32) (i32.const 1))".repeat(5_000)),
            Harmless,
        ),
        (
            "twenty thousand function types",
            Guest::bare(&"(type (func (param i32)))".repeat(20_000)),
            Refused("function types"),
        ),
        (
            "a function with a thousand parameters",
            Guest::bare(&format!("(func (param {}))", "i32 ".repeat(1_000))),
            Refused("parameters"),
        ),
        (
            "a function with a hundred results",
            Guest::bare(&format!("(type (func (result {})))", "i32 ".repeat(100))),
            Refused("results"),
        ),
        (
            "ten thousand globals",
            Guest::bare(&"(global i32 (i32.const 0))".repeat(10_000)),
            Refused("globals"),
        ),
        (
            "ten thousand exports",
            {
                let mut exports = String::new();
                for name in 0..10_000 {
                    let _ = write!(exports, r#"(export "{name}" (func 0))"#);
                }
                Guest::bare(&exports)
            },
            Refused("exports"),
        ),
        (
            "twenty thousand pieces of data",
            Guest::bare(&r#"(data (i32.const 0) "x")"#.repeat(20_000)),
            Refused("data segments"),
        ),
        (
            "three hundred thousand elements of a table",
            Guest::bare(&format!(
                "(table 1 funcref) (func $f) (elem func {})",
                "$f ".repeat(300_000)
            )),
            Refused("elements"),
        ),
        (
            "eight megabytes of data",
            Guest::bytes(
                wat::parse_str(format!(
                    r#"(module (memory (export "memory") 200) (data (i32.const 0) "{}")
                    (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
                    "x".repeat(8 << 20)
                ))
                .expect("the guest is well-formed text"),
            ),
            Method("without a model"),
        ),
    ]
}
