//! Ratings of made-up tournaments.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use gauntlet_domain::tournament::TournamentSeed;
use gauntlet_domain::{Digest, TournamentId};
use gauntlet_ratings::{Contribution, Played, Rated, rate};
use uuid::Uuid;

fn digest(method: &str) -> Digest {
    Digest::of(method.as_bytes())
}

/// Tournament number `at`, its field by groups of equals.
fn played(at: u32, groups: &[&[&str]]) -> Played {
    let together: Vec<&str> = groups.concat();
    Played {
        id: TournamentId(Uuid::from_u128(at.into())),
        name: format!("t-{at}").parse().unwrap(),
        ended_at: i64::from(at),
        gives: Contribution {
            seed: TournamentSeed(Digest::of(&at.to_be_bytes())),
            ranking: together
                .iter()
                .map(|method| (digest(method), method.parse().unwrap()))
                .collect(),
            champion: together.first().map(|method| digest(method)),
            matches: vec![
                groups
                    .iter()
                    .map(|group| group.iter().map(|method| digest(method)).collect())
                    .collect(),
            ],
        },
    }
}

fn of<'a>(rated: &'a [Rated], method: &str) -> &'a Rated {
    let found = rated.iter().find(|one| one.digest == digest(method));
    found.unwrap()
}

fn names(rated: &[Rated]) -> Vec<&str> {
    rated.iter().map(|one| one.name.as_str()).collect()
}

#[test]
fn who_wins_rises_and_who_loses_falls() {
    let rated = rate(vec![played(1, &[&["a"], &["b"], &["c"]])]);
    assert_eq!(names(&rated), ["a", "b", "c"]);
    let [a, b, c] = ["a", "b", "c"].map(|method| of(&rated, method));
    assert!(a.rating > 25.0 && c.rating < 25.0);
    // Between them: one win, one defeat.
    assert!((b.rating - 25.0).abs() < 1e-9, "{}", b.rating);
    assert!(rated.iter().all(|one| one.uncertainty < 25.0 / 3.0));
    assert_eq!((a.titles(), b.titles()), (1, 0));
    assert_eq!((c.history[0].place, c.history[0].of), (3, 3));

    // The longer it wins the higher it gets, and the surer.
    let many: Vec<Played> = (1..=20).map(|at| played(at, &[&["a"], &["b"]])).collect();
    let history = &of(&rate(many), "a").history.clone();
    assert_eq!(history.len(), 20);
    for pair in history.windows(2) {
        assert!(pair[1].rating > pair[0].rating);
        assert!(pair[1].uncertainty < pair[0].uncertainty);
    }
}

#[test]
fn two_worked_by_hand() {
    // Both at 25 with s = 25/3, beta = 25/6: c² = 2 s² + 2 beta², p = 1/2.
    let rated = rate(vec![played(1, &[&["a"], &["b"]])]);
    let (s, beta) = (25.0_f64 / 3.0, 25.0_f64 / 6.0);
    let c = (2.0 * s * s + 2.0 * beta * beta).sqrt();
    let a = of(&rated, "a");
    assert!((a.rating - (25.0 + s * s / c * 0.5)).abs() < 1e-9);
    let eta = (s / c) * (s * s / (c * c)) * 0.25;
    assert!((a.uncertainty - s * (1.0 - eta).sqrt()).abs() < 1e-9);
    assert!((a.rating + of(&rated, "b").rating - 50.0).abs() < 1e-9);
}

#[test]
fn equals_stay_equal() {
    let rated = rate(vec![played(1, &[&["a", "b"], &["c"]])]);
    let [a, b, c] = ["a", "b", "c"].map(|method| of(&rated, method));
    assert_eq!((a.rating, a.uncertainty), (b.rating, b.uncertainty));
    assert!(a.rating > c.rating);
    // A tie moves a newcomer towards whom it tied with.
    let mut tournaments: Vec<Played> = (1..=5).map(|at| played(at, &[&["a"], &["b"]])).collect();
    let before = of(&rate(tournaments.clone()), "a").rating;
    tournaments.push(played(6, &[&["a", "new"]]));
    let rated = rate(tournaments);
    assert!(of(&rated, "a").rating < before);
    assert!(of(&rated, "new").rating > 25.0);
}

#[test]
fn the_order_of_reading_does_not_matter() {
    let mut tournaments = vec![
        played(1, &[&["a"], &["b"], &["c", "d"]]),
        played(2, &[&["d"], &["a"], &["e"]]),
        played(3, &[&["b", "c"], &["a", "e"]]),
        played(4, &[&["e"], &["d"]]),
    ];
    let once = rate(tournaments.clone());
    tournaments.reverse();
    for tournament in &mut tournaments {
        for group in tournament.gives.matches.iter_mut().flatten() {
            group.reverse();
        }
    }
    // To the last bit.
    assert_eq!(rate(tournaments), once);
}

#[test]
fn a_method_is_its_digest_and_goes_by_its_last_name() {
    let mut second = played(2, &[&["a"], &["b"]]);
    second.gives.ranking[0].1 = "renamed".parse().unwrap();
    let rated = rate(vec![played(1, &[&["a"], &["b"]]), second]);
    assert_eq!(rated.len(), 2);
    let a = of(&rated, "a");
    assert_eq!((a.name.as_str(), a.titles()), ("renamed", 2));
}

#[test]
fn who_met_nobody_is_as_new() {
    let rated = rate(vec![played(1, &[&["alone"]])]);
    let alone = of(&rated, "alone");
    assert_eq!((alone.rating, alone.history.len()), (25.0, 1));
    assert!(rate(vec![]).is_empty());
}

/// Every method of `groups`, met in the same way, but with other digests.
fn of_digests(seed: u32, groups: &[Vec<Digest>]) -> Played {
    let mut played = played(seed, &[]);
    played.gives.ranking = groups
        .concat()
        .iter()
        .map(|digest| (*digest, "m".parse().unwrap()))
        .collect();
    played.gives.matches = vec![groups.to_vec()];
    played
}

#[test]
fn a_digest_buys_nothing() {
    // One strong, four equals, one weak, twice: the second time the equals are no newcomers.
    for ground in [[0; 32], [0xff; 32]].map(Digest::from_bytes) {
        let equals = [ground, digest("b"), digest("c"), digest("d")];
        let groups = [vec![digest("best")], equals.to_vec(), vec![digest("worst")]];
        let rated = rate(vec![of_digests(1, &groups), of_digests(2, &groups)]);
        let strengths = equals.map(|who| {
            let one = rated.iter().find(|one| one.digest == who).unwrap();
            (one.rating.to_bits(), one.uncertainty.to_bits(), one.place)
        });
        assert_eq!(strengths, [strengths[0]; 4], "{ground}");
        assert_eq!(strengths[0].2, 2);
        assert_eq!((rated[0].place, rated[5].place), (1, 6));
    }
    // Nor does it lead a list of equals: over many seeds it stands first one time in four.
    let ground = Digest::from_bytes([0; 32]);
    let equals = vec![ground, digest("b"), digest("c"), digest("d")];
    let first = (0..200)
        .filter(|seed| {
            rate(vec![of_digests(*seed, std::slice::from_ref(&equals))])[0].digest == ground
        })
        .count();
    assert!((25..=75).contains(&first), "{first} of 200");
}

#[test]
fn what_is_kept_is_read_as_it_was() {
    let gives = played(1, &[&["a", "b"], &["c"]]).gives;
    let kept = serde_json::to_value(&gives).unwrap();
    assert_eq!(serde_json::from_value::<Contribution>(kept).unwrap(), gives);
    // What lies in databases: other names would make all of it be computed again.
    let nobody = Contribution {
        ranking: vec![],
        champion: None,
        matches: vec![vec![]],
        ..gives
    };
    let seed = Digest::of(&1_u32.to_be_bytes());
    assert_eq!(
        serde_json::to_string(&nobody).unwrap(),
        format!(r#"{{"seed":"{seed}","ranking":[],"champion":null,"matches":[[]]}}"#)
    );
}
