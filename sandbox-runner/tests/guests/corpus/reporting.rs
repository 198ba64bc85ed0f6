//! Guests that say too much, or what others should not have to read.

use burn_backend::DType;
use gauntlet_wire::calls::Call;

use super::{Row, before};
use crate::expected::Expected::{Harmless, Method};
use crate::guest::Guest;

/// Code that does something so many times.
pub(crate) fn times(count: u32, code: &str) -> String {
    format!(
        "(local $i i32) (loop {code} (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if 0 (i32.lt_u (local.get $i) (i32.const {count}))))"
    )
}

/// A guest that logs this, so many times.
pub(crate) fn logs(bytes: &[u8], count: u32) -> Guest {
    let mut guest = Guest::honest();
    let constant = guest.constant(bytes);
    let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
    let code = times(count, &format!("(call $log {constant})"));
    guest.train(&(code + &honest))
}

/// A guest that reports a number under this name, so many times.
pub(crate) fn reports(name: &str, value: Option<f64>, count: u32) -> Guest {
    let mut guest = Guest::honest();
    let report = Call::Report {
        step: u64::MAX,
        name: name.to_owned(),
        value,
    };
    let code = times(count, &guest.call(&report));
    let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
    guest.train(&(code + &honest))
}

/// What moves a terminal's cursor, sets its title, and rings its bell.
pub(crate) const TERMINAL: &[u8] = b"\x1b[2J\x1b]0;owned\x07\x1b[31m\r\n{\"event\":\"finished\"}";

/// Guests that say too much, or what others should not have to read.
pub(super) fn rows() -> Vec<Row> {
    let odd_json = |json: &str| {
        let mut guest = Guest::honest();
        let constant = guest.constant(json.as_bytes());
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&format!("(drop (call $call {constant})) {honest}"))
    };
    let of_tensor = |value: f32| {
        let mut guest = Guest::honest();
        let code = guest.upload(9, &[1], DType::F32, &value.to_le_bytes())
            + &guest.call(&Call::ReportTensor {
                step: 1,
                name: "loss".to_owned(),
                tensor: 9,
            });
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    let names = {
        let mut guest = Guest::honest();
        let mut code = String::new();
        for name in 0..2_000 {
            code += &guest.call(&Call::Report {
                step: 1,
                name: format!("metric {name}"),
                value: Some(1.0),
            });
        }
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    vec![
        (
            "logs fifty thousand lines",
            logs(b"a line", 50_000),
            Harmless,
        ),
        (
            "logs terminal codes and a forged event",
            logs(TERMINAL, 1),
            Harmless,
        ),
        (
            "logs mark-up",
            logs(
                b"<script>alert(document.cookie)</script><img src=x onerror=alert(1)>",
                1,
            ),
            Harmless,
        ),
        (
            "logs a megabyte in a line",
            logs(&vec![b'x'; 1 << 20], 1),
            Harmless,
        ),
        (
            "logs what is no text",
            logs(&[0xff, 0xfe, 0xc0, 0x80], 1),
            Harmless,
        ),
        (
            "logs text that runs backwards",
            logs("\u{202e}\u{2066}gnp".as_bytes(), 1),
            Harmless,
        ),
        ("logs nothing, often", logs(b"", 10_000), Harmless),
        (
            "logs all of its memory",
            before("(call $log (i32.const 0) (i32.mul (memory.size) (i32.const 65536)))"),
            Harmless,
        ),
        (
            "reports a hundred thousand numbers",
            reports("loss", Some(0.5), 100_000),
            Harmless,
        ),
        ("reports two thousand metrics", names, Harmless),
        (
            "reports what is no number",
            reports("loss", None, 10),
            Harmless,
        ),
        (
            "reports infinity in JSON",
            odd_json(r#"{"call":"report","step":1,"name":"x","value":1e400}"#),
            Method("cannot be read"),
        ),
        (
            "reports NaN in JSON",
            odd_json(r#"{"call":"report","step":1,"name":"x","value":NaN}"#),
            Method("cannot be read"),
        ),
        (
            "reports a NaN from the device",
            of_tensor(f32::NAN),
            Harmless,
        ),
        (
            "reports infinity from the device",
            of_tensor(f32::NEG_INFINITY),
            Harmless,
        ),
        (
            "reports under a name that moves the cursor",
            reports("\u{1b}[2J", Some(1.0), 1),
            Method("a name has"),
        ),
        (
            "reports under a name of a kilobyte",
            reports(&"x".repeat(1_000), Some(1.0), 1),
            Method("a name has"),
        ),
        (
            "reports under a name in mark-up",
            reports("<b onclick=x>", Some(1.0), 3),
            Harmless,
        ),
        (
            "gives up with a megabyte of reasons",
            {
                let mut guest = Guest::honest();
                let reason = guest.constant(&vec![b'y'; 1 << 20]);
                guest.train(&format!("(call $fail {reason})"))
            },
            Method("yyy"),
        ),
    ]
}
