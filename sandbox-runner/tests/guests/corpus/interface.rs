//! Guests that misuse the imports.

use burn_backend::DType;

use super::{Row, before};
use crate::expected::Expected::{Budget, Harmless, Memory, Method};
use crate::guest::Guest;

/// Guests that misuse the imports.
pub(super) fn rows() -> Vec<Row> {
    let high = "(i32.const 0xfffffff0) (i32.const 0x20)";
    let huge = "(i32.const 0) (i32.const -1)";
    let outside = Method("not within the module's memory");
    let text = |code: &str, bytes: &[u8]| {
        let mut guest = Guest::honest();
        let constant = guest.constant(bytes);
        let code = code.replace("TEXT", &constant);
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    let nested = "[".repeat(100_000);
    let header = |shape: &[usize]| {
        let shape = burn_backend::Shape::from(shape.to_vec());
        postcard::to_allocvec(&(shape, DType::F32)).expect("it has a size")
    };
    let upload = "(call $upload (i64.const 9) TEXT (i32.const 0) (i32.const 64))";
    let mut rows = vec![
        (
            "submits from outside its memory",
            before(&format!("(call $submit {high})")),
            outside,
        ),
        (
            "submits four gigabytes",
            before(&format!("(call $submit {huge})")),
            outside,
        ),
        (
            "takes to outside its memory",
            before(&format!("(call $take {high})")),
            Method("reply"),
        ),
        (
            "asks for random bytes outside its memory",
            before(&format!("(call $random {high})")),
            outside,
        ),
        (
            "logs from outside its memory",
            before(&format!("(call $log {high})")),
            outside,
        ),
        (
            "reads with a header outside its memory",
            before(&format!("(drop (call $read {high}))")),
            outside,
        ),
        (
            "calls from outside its memory",
            before(&format!("(drop (call $call {high}))")),
            outside,
        ),
        (
            "fails from outside its memory",
            before(&format!("(call $fail {high})")),
            outside,
        ),
        (
            "takes a reply that is not there",
            before("(call $take (i32.const 0) (i32.const 8))"),
            Method("0 bytes, not 8"),
        ),
        (
            "gives up",
            text("(call $fail TEXT)", b"I give up"),
            Method("I give up"),
        ),
        (
            "gives up with terminal codes",
            text("(call $fail TEXT)", b"x\x1b[2Jy\nz"),
            Method("[2Jy"),
        ),
        (
            "logs for ever",
            before("(loop (call $log (i32.const 4096) (i32.const 2000)) (br 0))"),
            Budget("work"),
        ),
        (
            "calls with what is no JSON",
            text("(drop (call $call TEXT))", b"{"),
            Method("cannot be read"),
        ),
        (
            "calls with deep JSON",
            text("(drop (call $call TEXT))", nested.as_bytes()),
            Method("cannot be read"),
        ),
        (
            "calls with an unknown call",
            text("(drop (call $call TEXT))", br#"{"call":"hidden_labels"}"#),
            Method("cannot be read"),
        ),
        (
            "submits noise",
            text("(call $submit TEXT)", &[0xff; 64]),
            Method("cannot be decoded"),
        ),
        (
            "uploads more than it says",
            text(upload, &header(&[2])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads less than it says",
            text(upload, &header(&[1 << 20])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads a shape that overflows",
            text(upload, &header(&[1 << 40, 1 << 40])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads what fits",
            text(upload, &header(&[4, 4])),
            Harmless,
        ),
        (
            "uploads with noise for a header",
            text(upload, &[0xff; 9]),
            Method("cannot be decoded"),
        ),
    ];
    rows.extend(more());
    rows
}

/// Misuse that is about when and how much, rather than where.
fn more() -> Vec<Row> {
    let with = |bytes: &[u8], code: &str| {
        let mut guest = Guest::honest();
        let constant = guest.constant(bytes);
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code.replace("TEXT", &constant) + &honest))
    };
    let megabyte = vec![b' '; 1 << 20];
    let id = |id: u64| {
        let mut guest = Guest::honest();
        let code = guest.upload(id, &[1], DType::F32, &[0; 4]);
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    let upload = |shape: &[usize], dtype: DType, data: &[u8]| {
        let mut guest = Guest::honest();
        let code = guest.upload(9, shape, dtype, data);
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    let lengths = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    vec![
        (
            "calls with a megabyte of blanks",
            with(&megabyte, "(drop (call $call TEXT))"),
            Method("cannot be read"),
        ),
        (
            "calls with a number that is too large",
            with(
                br#"{"call":"next_batch","size":1e999,"inputs":1,"labels":2}"#,
                "(drop (call $call TEXT))",
            ),
            Method("cannot be read"),
        ),
        (
            "calls with a negative size",
            with(
                br#"{"call":"next_batch","size":-1,"inputs":1,"labels":2}"#,
                "(drop (call $call TEXT))",
            ),
            Method("cannot be read"),
        ),
        (
            "calls with bytes that are no text",
            with(&[0xff; 100], "(drop (call $call TEXT))"),
            Method("cannot be read"),
        ),
        (
            "takes the same reply twice",
            with(
                br#"{"call":"progress"}"#,
                "(local $n i32) (local.set $n (call $call TEXT))
                 (call $take (i32.const 0) (local.get $n)) (call $take (i32.const 0) (local.get $n))",
            ),
            Method("0 bytes"),
        ),
        (
            "uploads a header that says it is endless",
            with(
                &lengths,
                "(call $upload (i64.const 9) TEXT (i32.const 0) (i32.const 4))",
            ),
            Method("cannot be decoded"),
        ),
        (
            "submits an operation that says it is endless",
            with(&lengths, "(call $submit TEXT)"),
            Method("cannot be decoded"),
        ),
        (
            "uploads under an id of the host's",
            id(1 << 63),
            Method("host's"),
        ),
        ("uploads under the last id there is", id(u64::MAX), Method("host's")),
        ("uploads under the id zero", id(0), Harmless),
        (
            "uploads a truth value that is neither",
            upload(&[2], DType::Bool(burn_std::BoolStore::Native), &[0, 2]),
            Method("neither 0 nor 1"),
        ),
        (
            "uploads more dimensions than there are",
            upload(&[1; 12], DType::F32, &[0; 4]),
            Method("dimensions"),
        ),
        (
            "uploads nothing in a shape that would overflow",
            upload(&[0, usize::MAX, usize::MAX], DType::F32, &[]),
            Memory("tensors"),
        ),
        (
            "asks for no random bytes",
            before("(call $random (i32.const -1) (i32.const 0)) (call $random (i32.const 65536) (i32.const 0))"),
            Method("not within"),
        ),
        (
            "asks for random bytes up to its last",
            before("(call $random (i32.const 0) (i32.const 4096))"),
            Harmless,
        ),
    ]
}
