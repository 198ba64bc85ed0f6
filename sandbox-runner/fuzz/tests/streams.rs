//! Random streams, in child processes; `make fuzz-ops` runs a hundred thousand.

use std::process::Command;

/// Enough to meet each operation many times; takes a few seconds.
const STREAMS: &str = "3000";

#[test]
fn random_operation_streams_do_no_harm() {
    let run = Command::new(env!("CARGO_BIN_EXE_gauntlet-fuzz"))
        .args(["--streams", STREAMS, "--first", "1000000"])
        .output()
        .expect("the program starts");
    let (out, told) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{out}\n{told}");
    assert!(out.contains(" 0 findings, 0 aborts"), "{out}");
    // The streams are not all refused.
    let done = number_before(&out, " steps done");
    let repeated = number_before(&out, " results repeated");
    assert!(done > 20_000 && repeated > 5_000, "{out}");
}

fn number_before(text: &str, word: &str) -> u64 {
    let (before, _) = text.split_once(word).expect("the report has this number");
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Programs that once broke a rule, each cut down to what it took.
#[test]
fn programs_of_the_corpus_do_no_harm() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let mut programs: Vec<_> = std::fs::read_dir(corpus)
        .expect("the corpus is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "cbor"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 10, "{} programs", programs.len());
    for program in programs {
        let run = Command::new(env!("CARGO_BIN_EXE_gauntlet-fuzz"))
            .arg("--replay")
            .arg(&program)
            .output()
            .expect("the program starts");
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{}: {told}", program.display());
    }
}
