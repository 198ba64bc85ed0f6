//! `gauntlet series` and `gauntlet task ratings` beside a running orchestrator.

use crate::support::{Data, PATIENCE, Up, eventually, text};

#[test]
fn a_series_starts_by_itself() {
    let data = Data::new();
    let _up = Up::start(&data, &["--no-runner"]);
    let create = ["series", "create", "minutely", "--task", "digits"];
    let refused = |more: &[&str], code: i32, says: &str| {
        let output = data.run([&create[..], more].concat());
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains(says), "{message}");
    };
    let on = |calendar| ["--calendar", calendar, "--open-for"];
    refused(
        &[&on("daily")[..], &["1h"]].concat(),
        1,
        "field: body.calendar",
    );
    refused(
        &[&on("@daily")[..], &["2years"]].concat(),
        1,
        "31536000 seconds",
    );
    refused(&[&on("@daily")[..], &["soon"]].concat(), 2, "--open-for");

    let good = [&on("* * * * *")[..], &["2h", "--min-field", "2"]].concat();
    let made = data.json([&create[..], &good].concat());
    assert_eq!(made["open_seconds"], 7200);
    assert_eq!(made["rules"]["terms"]["defend"], true);
    assert_eq!(made["rules"]["terms"]["min_field"], 2);
    let unrated = data.json(["task", "ratings", "digits"]);
    assert_eq!(unrated["tournaments"], 0);

    // The next full minute comes within one.
    let shown = eventually(PATIENCE, "the first tournament of the series", || {
        let output = data.run(["tournament", "show", "minutely-1"]);
        output.status.success().then(|| text(&output))
    });
    assert!(shown.contains("of the series minutely"), "{shown}");
    assert!(
        shown.contains("submissions end by themselves at"),
        "{shown}"
    );
    let listed = data.run(["series", "list"]);
    assert!(
        text(&listed).contains("minutely-1, open"),
        "{}",
        text(&listed)
    );
    let ended = data.json(["series", "end", "minutely"]);
    assert_eq!(ended["tournaments"][0]["state"], "open");
    assert!(ended["ended_at"].is_string());
}
