//! What nobody takes is said, with what to do.

use gauntlet_domain::run::Lane;

/// How to start a runner that takes images.
pub const WITH_CONTAINERS: &str =
    "start one with `gauntlet-runner --containers` or `gauntlet up --containers`";

/// In a sentence: so many runs wait, for what, and what to do.
#[must_use]
pub fn sentence(lane: Lane, runs: u32) -> String {
    let (runs, wait) = match runs {
        1 => ("1 run".to_owned(), "waits"),
        runs => (format!("{runs} runs"), "wait"),
    };
    match lane {
        Lane::Wasm => format!(
            "{runs} {wait} for a runner, and none that is not set aside was heard within 10 \
             minutes; start one with `gauntlet-runner`"
        ),
        Lane::Oci => format!("{runs} {wait} for a runner that takes images; {WITH_CONTAINERS}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_waits_and_what_to_do() {
        assert_eq!(
            sentence(Lane::Oci, 8),
            "8 runs wait for a runner that takes images; start one with `gauntlet-runner \
             --containers` or `gauntlet up --containers`"
        );
        assert!(sentence(Lane::Wasm, 1).starts_with("1 run waits for a runner, and none"));
    }
}
