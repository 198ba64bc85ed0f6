//! Files that should not be compiled: what is no module, what imports or exports the wrong
//! things, and bombs for whoever reads or compiles them.

use std::fmt::Write;

use super::Row;
use crate::expected::Expected::{Harmless, Refused};
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

/// An unsigned number as modules write it.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A section as modules write it.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], number(content.len()).as_slice(), content].concat()
}

/// An honest module with a custom section behind it.
fn with_custom(name: &str, content: &[u8], times: usize) -> Guest {
    let mut bytes = Guest::honest().module();
    let content = [number(name.len()).as_slice(), name.as_bytes(), content].concat();
    for _ in 0..times {
        bytes.extend(section(0, &content));
    }
    Guest::bytes(bytes)
}

/// What is no module at all.
fn files() -> Vec<Row> {
    let honest = Guest::honest().module();
    let cut = honest[..honest.len() / 2].to_vec();
    let trailing = [honest.as_slice(), &[0xff; 64]].concat();
    let header = b"\0asm\x01\0\0\0";
    let huge_section = [header.as_slice(), &[1, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    let huge_count = [
        header.as_slice(),
        &section(1, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
    ]
    .concat();
    let large = [header.as_slice(), &section(0, &vec![0; 17 << 20])].concat();
    vec![
        ("an empty file", Guest::bytes(Vec::new()), Refused("empty")),
        (
            "code compiled by somebody else",
            Guest::bytes(b"\x7fELF\x02\x01\x01\xc8".to_vec()),
            Refused("never accepted"),
        ),
        (
            "a script",
            Guest::bytes(b"#!/bin/sh\nrm -rf /\n".to_vec()),
            Refused("text"),
        ),
        (
            "a compressed file",
            Guest::bytes(b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
            Refused("compressed"),
        ),
        (
            "a component",
            Guest::bytes(b"\0asm\x0d\0\x01\0".to_vec()),
            Refused("component"),
        ),
        ("half a module", Guest::bytes(cut), Refused("not valid")),
        (
            "a module with noise behind it",
            Guest::bytes(trailing),
            Refused("not valid"),
        ),
        (
            "a section that says it is four gigabytes",
            Guest::bytes(huge_section),
            Refused("not valid"),
        ),
        (
            "a list that says it has four billion entries",
            Guest::bytes(huge_count),
            Refused("function types"),
        ),
        (
            "a file of seventeen megabytes",
            Guest::bytes(large),
            Refused("bytes of the module"),
        ),
        (
            "ten megabytes in a section that nobody reads",
            with_custom("notes", &vec![7; 10 << 20], 1),
            Harmless,
        ),
        (
            "noise where names for a debugger should be",
            with_custom("name", &[0xff; 4096], 1),
            Harmless,
        ),
        (
            "says about itself what cannot be read",
            with_custom("gauntlet.method", b"{\x1b[2J", 1),
            Refused("cannot be read"),
        ),
        (
            "says a megabyte about itself",
            with_custom("gauntlet.method", &vec![b' '; 1 << 20], 1),
            Refused("bytes of the section"),
        ),
    ]
}

/// Imports and exports.
fn interfaces() -> Vec<Row> {
    let import = |text: &str| Guest::bare(text);
    vec![
        (
            "opens files",
            import(r#"(import "wasi_snapshot_preview1" "path_open" (func))"#),
            Refused("WASI"),
        ),
        (
            "starts threads",
            import(r#"(import "wasi" "thread-spawn" (func (param i32) (result i32)))"#),
            Refused("WASI"),
        ),
        ("imports from nobody", import(r#"(import "env" "system" (func))"#), Refused("`env.system`")),
        (
            "imports under a name that moves the cursor",
            import("(import \"env\" \"\\1b[2J\" (func))"),
            Refused("does not offer"),
        ),
        (
            "imports what an older host had",
            import(r#"(import "gauntlet_v1" "call" (func))"#),
            Refused("version 1"),
        ),
        (
            "an import with the wrong type",
            import(r#"(import "gauntlet_v2" "submit" (func (param i64 i64)))"#),
            Refused("type"),
        ),
        (
            "an import that is no function",
            import(r#"(import "gauntlet_v2" "call" (global i32))"#),
            Refused("not a function"),
        ),
        (
            "the host's memory",
            Guest::bytes(
                wat::parse_str(
                    r#"(module (import "gauntlet_v2" "memory" (memory 1))
                    (export "memory" (memory 0))
                    (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
                )
                .expect("the guest is well-formed text"),
            ),
            Refused("not a function"),
        ),
        (
            "a hundred imports",
            import(&r#"(import "gauntlet_v2" "sync" (func))"#.repeat(100)),
            Refused("imports"),
        ),
        (
            "a training that takes arguments",
            Guest::bytes(
                wat::parse_str(
                    r#"(module (memory (export "memory") 1)
                    (func (export "gauntlet_train") (param i32)) (func (export "gauntlet_predict")))"#,
                )
                .expect("the guest is well-formed text"),
            ),
            Refused("gauntlet_train"),
        ),
        (
            "no exports",
            Guest::bytes(wat::parse_str("(module)").expect("the guest is well-formed text")),
            Refused("does not export"),
        ),
        (
            "a memory that threads share",
            Guest::bytes(
                wat::parse_str(
                    r#"(module (memory (export "memory") 1 1 shared)
                    (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
                )
                .expect("the guest is well-formed text"),
            ),
            Refused("switched off"),
        ),
        (
            "a memory of 64 bits",
            Guest::bytes(
                wat::parse_str(
                    r#"(module (memory (export "memory") i64 1)
                    (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
                )
                .expect("the guest is well-formed text"),
            ),
            Refused("switched off"),
        ),
        ("a second memory", Guest::bare("(memory 1)"), Refused("multiple memories")),
        (
            "exceptions",
            Guest::bare("(tag $e) (func (throw $e))"),
            Refused("switched off"),
        ),
        (
            "tail calls",
            Guest::bare("(func $f (return_call $f))"),
            Refused("switched off"),
        ),
    ]
}

/// Bombs: small files that take long to check or to compile.
fn bombs() -> Vec<Row> {
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
            crate::expected::Expected::Method("without a model"),
        ),
    ]
}

/// All of them.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = files();
    rows.extend(interfaces());
    rows.extend(bombs());
    rows
}
