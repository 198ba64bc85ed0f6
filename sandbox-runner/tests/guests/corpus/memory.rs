//! Guests that want memory.

use super::{Row, before};
use crate::expected::Expected::{Budget, Harmless, Memory, Method, Refused};
use crate::guest::Guest;

/// Guests that want memory.
pub(super) fn rows() -> Vec<Row> {
    let grow = |pages: u64| format!("(memory.grow (i32.const {pages}))");
    let all = format!(
        "(loop (br_if 0 (i32.ne {} (i32.const -1)))) unreachable",
        grow(16)
    );
    let fill = "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 4000)) (br 0))";
    let refused = format!(
        "(if (i32.ne {} (i32.const -1)) (then unreachable))",
        grow(65_535)
    );
    let table = "(if (i32.ne (table.grow $t (ref.null func) (i32.const 9000000)) (i32.const -1)) (then unreachable))";
    let mut rows = vec![
        ("takes all memory", before(&all), Memory("guest")),
        ("is refused memory and copes", before(&refused), Harmless),
        (
            "starts with more memory than it may have",
            Guest::honest().pages(2_000),
            Memory("guest"),
        ),
        (
            "starts with all memory there is",
            Guest::honest().pages(65_536),
            Refused("initial pages"),
        ),
        ("fills memory for ever", before(fill), Budget("work")),
        (
            "fills beyond its memory",
            before("(memory.fill (i32.const -16) (i32.const 0) (i32.const 64))"),
            Method("out of bounds"),
        ),
        (
            "grows a table without end",
            before(table).fields("(table $t 1 funcref)"),
            Harmless,
        ),
    ];
    rows.extend(more());
    rows
}

/// Initial sizes, exact limits, and bulk operations beyond the end.
fn more() -> Vec<Row> {
    let out = Method("out of bounds");
    // The guest begins with 4 pages or so and may have 1,024.
    let exactly =
        "(if (i32.eq (memory.grow (i32.sub (i32.const 1024) (memory.size))) (i32.const -1))
                       (then unreachable))";
    let beyond =
        "(if (i32.ne (memory.grow (i32.sub (i32.const 1025) (memory.size))) (i32.const -1))
                      (then unreachable))";
    vec![
        (
            "takes exactly the memory that it may have",
            before(exactly),
            Harmless,
        ),
        ("asks for a page more than that", before(beyond), Harmless),
        (
            "fills sixty megabytes for ever",
            before("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 62914560)) (br 0))")
                .pages(1_000),
            Budget("work"),
        ),
        (
            "copies its memory over itself for ever",
            before(
                "(loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 62914560)) (br 0))",
            )
            .pages(1_000),
            Budget("work"),
        ),
        (
            "copies to beyond its memory",
            before("(memory.copy (i32.const -8) (i32.const 0) (i32.const 16))"),
            out,
        ),
        (
            "copies a length that wraps around, which is more than there is work for",
            before("(memory.copy (i32.const 16) (i32.const 0) (i32.const -1))"),
            Budget("work"),
        ),
        (
            "reads where an offset wraps around",
            before("(drop (i64.load offset=4294967288 (i32.const -1)))"),
            out,
        ),
        (
            "fills a table beyond its end",
            before("(table.fill $t (i32.const 1) (ref.null func) (i32.const 1000))")
                .fields("(table $t 1 funcref)"),
            out,
        ),
        (
            "grows a table as far as it may, again and again",
            before(
                "(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))",
            )
            .fields("(table $t 1 funcref)"),
            Harmless,
        ),
        (
            "starts with a table of nine million entries",
            Guest::honest().fields("(table 9000000 funcref)"),
            Refused("initial elements"),
        ),
        (
            "has four full tables",
            Guest::honest().fields(&"(table 100000 funcref)".repeat(4)),
            Harmless,
        ),
        (
            "has a hundred tables",
            Guest::honest().fields(&"(table 1 funcref)".repeat(100)),
            Refused("tables"),
        ),
        (
            "has data that does not fit its memory",
            Guest::honest().fields(r#"(data (i32.const 0x7ffffff0) "x")"#),
            out,
        ),
        (
            "has elements that do not fit its table",
            Guest::honest()
                .fields("(table 1 funcref) (func $f) (elem (i32.const 7) func $f)"),
            out,
        ),
        (
            "uses a data segment that it has dropped",
            before("(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4))")
                .fields(r#"(data $d "abcd")"#),
            out,
        ),
    ]
}
