//! Files that should not be compiled: what is no module, what imports or exports the wrong
//! things.

use super::Row;
use crate::expected::Expected::{Harmless, Refused};
use crate::guest::Guest;

/// An unsigned number as modules write it.
pub(super) fn number(mut value: usize) -> Vec<u8> {
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
pub(super) fn section(id: u8, content: &[u8]) -> Vec<u8> {
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
            Refused("bytes of all custom sections"),
        ),
        (
            "half a megabyte in a section that nobody reads",
            with_custom("notes", &vec![7; 1 << 19], 1),
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

/// All of them.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = files();
    rows.extend(interfaces());
    rows
}
