//! What an entrant can choose decides nothing: neither its digest, which it grinds by changing
//! bytes that do nothing, nor its name, nor when it hands in. All methods here are twins, with
//! the same score on every block, so only the order of equals decides.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gauntlet_domain::record::Event;
use gauntlet_domain::run::Metric;
use gauntlet_domain::tournament::{
    Combine, FirstBlock, Halving, Nonce, Parts, Play, Racing, Rules, Tournament, TournamentSeed,
    TournamentState,
};
use gauntlet_domain::{ArchiveId, Digest};
use uuid::Uuid;

use crate::support::{CHAMPION, Game, completed, defended, digest, every_format, nth, submission};

/// Twins in a field.
const FIELD: usize = 6;
/// The one that grinds, by number.
const GRINDER: usize = 700;
/// Tournaments for each format and each way of choosing.
const TOURNAMENTS: usize = 60;
/// How many of [`TOURNAMENTS`] one of [`FIELD`] equals wins by luck at most: beyond it, chance
/// (a binomial of 1/6) is below one in a million.
const LUCK: usize = 26;

/// One that an entrant can hand in.
#[derive(Clone, Debug)]
struct Entry {
    nth: usize,
    name: String,
    digest: Digest,
}

fn twin(nth: usize) -> Entry {
    Entry {
        nth,
        name: format!("m{nth}"),
        digest: digest(nth),
    }
}

/// What the grinder hands in, and as which of the field.
fn choices() -> Vec<(&'static str, Entry, usize)> {
    let ground = || (0..64).map(|at| Digest::of(format!("note {at}").as_bytes()));
    let plain = twin(GRINDER);
    let named = |name: &str| Entry {
        name: name.to_owned(),
        ..plain.clone()
    };
    let with = |digest: Option<Digest>| Entry {
        digest: digest.unwrap(),
        ..plain.clone()
    };
    vec![
        ("the smallest digest", with(ground().min()), 3),
        ("the largest digest", with(ground().max()), 3),
        ("the first name", named("a"), 3),
        ("the last name", named("zz"), 3),
        ("handed in first", plain.clone(), 0),
        ("handed in last", plain.clone(), FIELD - 1),
    ]
}

/// Every format, and the terms by which results are combined or cut otherwise.
fn all_rules() -> Vec<Rules> {
    let mut all = every_format().to_vec();
    let mut ranked = all[0].clone();
    ranked.terms.combine = Combine::Ranks;
    all.push(ranked);
    all.push(Rules::from(Play::Halving(Halving {
        race: Some(0.2),
        ..Halving::default()
    })));
    all.push(Rules::from(Play::Racing(Racing {
        first_block: FirstBlock::Whole,
        ..Racing::default()
    })));
    all
}

fn name_of(rules: &Rules) -> String {
    serde_json::to_string(rules).unwrap()
}

/// A tournament of these entries in this order, played to the end.
fn played(rules: &Rules, nonce: &Nonce, entries: &[Entry]) -> Game {
    let mut game = Game {
        tournament: Tournament::new(rules.clone(), vec![Metric::default()]),
        log: Vec::new(),
        next_run: 1,
    };
    game.happens(Event::Opened {
        commitment: nonce.commitment(),
        rules: None,
        version: None,
    });
    if rules.terms.defend {
        let defender = twin(CHAMPION);
        game.happens(Event::DefenderEntered {
            submission: submission(defender.nth),
            name: defender.name.parse().unwrap(),
            digest: defender.digest,
            archive: ArchiveId(Uuid::nil()),
        });
    }
    for entry in entries {
        game.happens(Event::Submitted {
            submission: submission(entry.nth),
            name: entry.name.parse().unwrap(),
            digest: entry.digest,
        });
    }
    game.happens(Event::Closed {
        nonce: *nonce,
        seed: game.tournament.derive_seed(nonce),
    });
    game.play_out(|_, _| completed(0.5));
    game
}

fn nonce(at: usize) -> Nonce {
    Nonce::from_phrase(&format!("grinding {at}"))
}

/// Twins with the grinder among them. Its number is that of its turn, as ids are given out in
/// the order in which methods are handed in.
fn field(grinder: &Entry, turn: usize) -> Vec<Entry> {
    let mut field: Vec<Entry> = (0..FIELD - 1).map(|nth| twin(nth + 1)).collect();
    let nth = if turn == 0 { 0 } else { GRINDER };
    field.insert(
        turn,
        Entry {
            nth,
            ..grinder.clone()
        },
    );
    field
}

/// How often the grinder wins beyond luck, over all tournaments that `wins` plays.
fn beyond_luck(mut wins: impl FnMut(usize) -> bool) -> usize {
    let won = (0..TOURNAMENTS).filter(|at| wins(*at)).count();
    won.saturating_sub(LUCK)
}

#[test]
fn the_measure_sees_a_choice_that_decides() {
    let smallest = &choices()[0].1;
    let field = field(smallest, 3);
    let by_digest = field.iter().min_by_key(|entry| entry.digest).unwrap();
    assert_eq!(
        beyond_luck(|_| by_digest.name == smallest.name),
        TOURNAMENTS - LUCK
    );
    let by_lot = |at: usize| {
        let digests: Vec<Digest> = field.iter().map(|entry| entry.digest).collect();
        let seed = TournamentSeed::derive(&nonce(at), &digests);
        let first = field
            .iter()
            .min_by_key(|entry| seed.tie_break(&entry.digest));
        first.unwrap().name == smallest.name
    };
    assert_eq!(beyond_luck(by_lot), 0);
}

#[test]
fn outside_figure_of_champions_by_choice() {
    let mut found = Vec::new();
    let mut grind_wins = 0;
    for rules in all_rules() {
        for (how, grinder, turn) in choices() {
            let field = field(&grinder, turn);
            let mine = submission(field[turn].nth);
            let excess = beyond_luck(|at| {
                played(&rules, &nonce(at), &field).tournament.champion() == Some(mine)
            });
            grind_wins += excess;
            if excess > 0 {
                found.push(format!(
                    "{how}: {excess} beyond luck in {}",
                    name_of(&rules)
                ));
            }
        }
        // A title is not taken by equals, whatever they choose.
        let rules = defended(rules);
        for (how, grinder, turn) in choices() {
            let game = played(&rules, &nonce(0), &field(&grinder, turn));
            if game.champion() != Some(CHAMPION) {
                grind_wins += 1;
                found.push(format!("{how}: took the title in {}", name_of(&rules)));
            }
        }
    }
    figure("grind_wins", grind_wins);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn names_and_turns_change_nothing() {
    for rules in all_rules() {
        for at in 0..10 {
            let field: Vec<Entry> = (0..FIELD).map(twin).collect();
            let digest_of_champion = |entries: &[Entry]| {
                let game = played(&rules, &nonce(at), entries);
                let champion = game.tournament.champion();
                let mut entrants = game.tournament.entrants();
                let found = entrants.find(|one| Some(one.submission) == champion);
                found.map(|one| one.digest)
            };
            let first = digest_of_champion(&field);
            assert!(first.is_some());
            // Turned round: other ids, other names, another order.
            let turned: Vec<Entry> = (0..FIELD)
                .map(|nth| Entry {
                    nth,
                    name: format!("n{}", (nth * 5) % FIELD),
                    digest: digest(FIELD - 1 - nth),
                })
                .collect();
            assert_eq!(digest_of_champion(&turned), first, "{}", name_of(&rules));
        }
    }
}

#[test]
fn the_tie_break_of_the_seed_orders_equals() {
    // Formats without a draw: everybody meets everybody.
    for rules in all_rules() {
        if matches!(rules.play, Play::Classic(_) | Play::Swiss(_)) {
            continue;
        }
        for at in 0..20 {
            let game = played(
                &rules,
                &nonce(at),
                &(0..FIELD).map(twin).collect::<Vec<_>>(),
            );
            let seed = *game.tournament.seed().unwrap();
            let first = (0..FIELD).min_by_key(|nth| seed.tie_break(&digest(*nth)));
            assert_eq!(game.champion(), first, "{}", name_of(&rules));
            // And so does what is shown: the champion stands first.
            let last = game.decisions().pop().unwrap();
            assert_eq!(nth(last.standings[0].submission), first.unwrap());
        }
    }
}

#[test]
fn the_sealed_field_is_in_the_order_of_the_tie_break_however_it_is_loaded() {
    let game = played(
        &all_rules()[0],
        &nonce(1),
        &(0..FIELD).map(twin).collect::<Vec<_>>(),
    );
    let order: Vec<Digest> = game.tournament.field().map(|one| one.digest).collect();
    let seed = *game.tournament.seed().unwrap();
    assert!(order.is_sorted_by_key(|digest| seed.tie_break(digest)));
    let mut field: Vec<_> = game.tournament.field().cloned().collect();
    field.sort_by_key(|entrant| entrant.digest);
    let restored = Tournament::restore(Parts {
        rules: game.tournament.rules().clone(),
        metrics: game.tournament.metrics().to_vec(),
        state: TournamentState::Completed,
        paused: None,
        commitment: None,
        field,
        defender: None,
        disqualified: [].into(),
        seed: Some(seed),
        rounds: Vec::new(),
        champion: None,
    });
    let again: Vec<Digest> = restored.field().map(|one| one.digest).collect();
    assert_eq!(again, order);
}

/// Ratings take equals as equals, in every format: what only the tie-break ordered, in whatever
/// round, is one group.
#[test]
fn equals_have_beaten_nobody() {
    for rules in all_rules() {
        for at in 0..10 {
            let game = played(
                &rules,
                &nonce(at),
                &(0..FIELD).map(twin).collect::<Vec<_>>(),
            );
            let field = game.tournament.matches(None).unwrap().field;
            // A bye is a point that was not won against anybody, so Swiss tells equals apart.
            if !matches!(rules.play, Play::Swiss(_)) {
                assert_eq!(field.len(), 1, "{} {field:?}", name_of(&rules));
            }
        }
    }
}

/// Writes a part of what `make figures-engine-outside` collects: lines `NAME NUMBER` in
/// `figures/outside/` of the target folder, one file a test.
fn figure(name: &str, value: usize) {
    // `tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures/outside");
    fs::create_dir_all(&folder).unwrap();
    let mut line = String::new();
    writeln!(line, "{name} {value}").unwrap();
    fs::write(folder.join(name), line).unwrap();
}
