//! What the document for organisers shows is what the code takes.

use gauntlet_domain::MethodName;
use gauntlet_domain::record::Changes;
use gauntlet_domain::tournament::{
    Classic, Halving, Play, Racing, RoundRobin, Rules, Swiss, Terms,
};

const DOCUMENT: &str = include_str!("../../../../docs/FORMATS.md");

/// The document's JSON, piece by piece.
fn pieces() -> Vec<serde_json::Value> {
    let mut pieces = DOCUMENT.split("```json\n").skip(1);
    let text = |piece: &str| piece.split("```").next().unwrap().to_owned();
    pieces
        .by_ref()
        .map(|piece| serde_json::from_str(&text(piece)).unwrap())
        .collect()
}

#[test]
fn every_piece_of_json_is_good() {
    let (rules, others): (Vec<_>, Vec<_>) = pieces()
        .into_iter()
        .partition(|piece| piece.get("format").is_some());
    // The other pieces are of tasks and terms, and of what a tournament is judged again by.
    let changes: Vec<_> = others
        .into_iter()
        .filter(|piece| piece.get("erratum").is_some())
        .collect();
    assert_eq!((rules.len(), changes.len()), (8, 1));
    for rules in rules {
        let rules: Rules = serde_json::from_value(rules).unwrap();
        assert_eq!(rules.validate(), Ok(()));
    }
    for mut changes in changes {
        // Methods are named; the API puts in their ids (tried in `gauntlet-http`).
        let named = changes.pointer_mut("/erratum/disqualify").unwrap();
        assert!(named[0].as_str().unwrap().parse::<MethodName>().is_ok());
        named[0] = serde_json::json!("00000000-0000-0000-0000-000000000002");
        let changes: Changes = serde_json::from_value(changes).unwrap();
        assert!(!changes.erratum.is_empty());
    }
}

#[test]
fn defaults_are_as_documented() {
    let documented: Vec<Rules> = pieces()
        .into_iter()
        .filter_map(|piece| serde_json::from_value(piece).ok())
        .collect();
    for play in [
        Play::Racing(Racing::default()),
        Play::Halving(Halving::default()),
        Play::Classic(Classic::default()),
        Play::RoundRobin(RoundRobin::default()),
        Play::Swiss(Swiss {
            rounds: Some(4),
            ..Swiss::default()
        }),
    ] {
        assert!(documented.contains(&Rules::from(play)));
    }
    assert_eq!(documented[0].terms, Terms::default());
}

#[test]
fn the_table_of_runs_is_right() {
    for (play, runs) in [
        (Play::Racing(Racing::default()), 27),
        (Play::Halving(Halving::default()), 28),
        (Play::Classic(Classic::default()), 15),
        (Play::RoundRobin(RoundRobin::default()), 90),
        (Play::Swiss(Swiss::default()), 32),
    ] {
        let rules = Rules::from(play);
        assert_eq!(rules.format().runs(9), runs, "{rules:?}");
        let name = serde_json::to_value(&rules).unwrap()["format"].clone();
        let row = DOCUMENT
            .lines()
            .find(|line| line.starts_with(&format!("| `{}`", name.as_str().unwrap())))
            .unwrap();
        let says = [
            format!(" {runs} |"),
            format!(" {runs}, nine of them half |"),
        ];
        assert!(says.iter().any(|end| row.ends_with(end)), "{row}");
    }
}
