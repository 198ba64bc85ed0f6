//! What holds of every format, whatever happens: any field, any scores, blocks taken out and
//! replaced, methods disqualified at any moment, pauses, attempts lost.

use std::collections::BTreeSet;

use gauntlet_domain::record::{Changes, Erratum, Event, audit, step};
use gauntlet_domain::tournament::{Combine, Play, Round, Rules, Tournament, TournamentState};
use gauntlet_domain::{RunId, SubmissionId};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{
    CHAMPION, Game, any_rules, completed, defended, failed, look_up, nth, submission, table,
};

/// What an operator may do, with a number to choose by.
#[derive(Clone, Copy, Debug)]
enum Whim {
    PlayOn,
    Disqualify(usize),
    DisqualifyChampion,
    Void(usize),
    Replace(usize),
    Pause,
}

fn whims() -> impl Strategy<Value = Vec<Whim>> {
    let whim = prop_oneof![
        30 => Just(Whim::PlayOn),
        2 => (0_usize..32).prop_map(Whim::Disqualify),
        1 => Just(Whim::DisqualifyChampion),
        1 => (0_usize..8).prop_map(Whim::Void),
        1 => (0_usize..8).prop_map(Whim::Replace),
        1 => Just(Whim::Pause),
    ];
    prop::collection::vec(whim, 1..200)
}

/// Plays to the end with whims on the way; says how many runs replacements added.
fn play(game: &mut Game, scores: &[u8], whims: &[Whim], field: usize) -> usize {
    let mut whims = whims.iter();
    let mut added = 0;
    for step in 0.. {
        assert!(step < 10_000, "the tournament does not end");
        if game.tournament.state() == TournamentState::Completed {
            break;
        }
        // What is refused is no event, and changes nothing.
        let attempt = |game: &mut Game, event: Event| {
            if gauntlet_domain::record::step(game.tournament.clone(), &event).is_err() {
                return false;
            }
            game.happens(event);
            true
        };
        let block = |game: &Game, at: usize| {
            let round = game.tournament.rounds().last()?;
            Some(round.blocks[at % round.blocks.len()].index)
        };
        match whims.next().unwrap_or(&Whim::PlayOn) {
            Whim::PlayOn => {
                if !game.carry_on() {
                    let (run, who, block) = game.waiting()[step % game.waiting().len()];
                    game.run(run, 0, look_up(scores, who, block).into());
                }
            }
            Whim::Disqualify(at) => {
                let event = disqualified(at % field);
                attempt(game, event);
            }
            Whim::DisqualifyChampion => {
                attempt(game, disqualified(CHAMPION));
            }
            Whim::Void(at) => {
                if let Some(block) = block(game, *at) {
                    attempt(game, game.void_of(block));
                }
            }
            Whim::Replace(at) => {
                if let Some(block) = block(game, *at) {
                    let event = game.replacement_of(block);
                    let Event::BlockReplaced { runs, .. } = &event else {
                        unreachable!()
                    };
                    let more = runs.len();
                    if attempt(game, event) {
                        added += more;
                    }
                }
            }
            Whim::Pause => {
                game.happens(Event::Paused {
                    reason: "power".to_owned(),
                });
                assert_eq!(game.tournament.next(), None);
                game.happens(Event::Resumed);
            }
        }
    }
    added
}

fn disqualified(nth: usize) -> Event {
    Event::Disqualified {
        submission: submission(nth),
        reason: "it read the labels".to_owned(),
    }
}

/// Whether one of those kept ran beside `cut`: in its heat, or in the only heat there was.
fn was_beaten_in_its_heat(round: &Round, cut: SubmissionId) -> bool {
    let kept = &round.decision.as_ref().unwrap().kept;
    let mut of_cut = round
        .heats
        .iter()
        .filter(|heat| heat.entrants.contains(&cut));
    round.heats.len() == 1 || of_cut.any(|heat| kept.iter().any(|who| heat.entrants.contains(who)))
}

/// What must hold of a tournament that has ended.
fn check(game: &Game, rules: &Rules, field: usize, added: usize) {
    let tournament = &game.tournament;
    let title = |number: u32| {
        let round = &tournament.rounds()[number as usize - 1];
        round.entrants.contains(&submission(CHAMPION))
    };
    // No more than was promised to those who started.
    let started = tournament.rounds().first();
    let field = started.map_or(field, |first| first.entrants.len());
    let (mut rounds, mut runs) = (0, 0);
    for round in tournament.rounds() {
        if title(round.number) {
            assert_eq!(round.number as usize, tournament.rounds().len());
            continue;
        }
        rounds += 1;
        runs += round.runs.len();
    }
    assert!(rounds <= rules.format().rounds(field), "rounds: {rounds}");
    assert!(runs <= rules.format().runs(field) + added, "runs: {runs}");

    let mut before: Option<BTreeSet<_>> = None;
    let mut seeds = BTreeSet::new();
    for round in tournament.rounds() {
        let entrants: BTreeSet<_> = round.entrants.iter().copied().collect();
        let decision = round.decision.as_ref().unwrap();
        let mut sorted: Vec<_> = decision.kept.iter().chain(&decision.cut).copied().collect();
        sorted.sort_unstable();
        assert_eq!(sorted, entrants.iter().copied().collect::<Vec<_>>());
        // Nobody comes back, and nobody but a defender comes new.
        if let Some(before) = &before {
            let mut new = entrants.difference(before);
            assert!(new.all(|who| nth(*who) == CHAMPION));
        }
        let places: Vec<u32> = decision.standings.iter().map(|line| line.place).collect();
        assert_eq!(places, (1..=places.len() as u32).collect::<Vec<_>>());
        // A cut is never without a comparison where there is somebody to compare with: only
        // in a heat of which nobody was kept may it have met none of those who go on.
        if !decision.kept.is_empty() {
            let standing: BTreeSet<_> = decision
                .standings
                .iter()
                .map(|line| line.submission)
                .collect();
            let compared: Vec<_> = decision.comparisons.iter().map(|one| one.cut).collect();
            let cut = decision.cut.iter().copied();
            let expected: Vec<_> = cut
                .filter(|who| standing.contains(who))
                .filter(|who| compared.contains(who) || was_beaten_in_its_heat(round, *who))
                .collect();
            assert_eq!(compared, expected);
        }
        for one in decision.comparisons.iter().chain(&decision.evidence) {
            assert!(one.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)));
            if let (Some(p), Some(adjusted)) = (one.p_value, one.holm_p_value) {
                assert!((p..=1.0).contains(&adjusted));
            }
        }
        // No heat is left without a block that counts, no block is drawn twice.
        for heat in &round.heats {
            assert!(heat.blocks.iter().any(|block| !round.is_void(*block)));
        }
        let mut new = round.blocks.iter().filter(|block| block.again.is_none());
        assert!(new.all(|block| seeds.insert(block.seed.0)));
        before = Some(entrants);
    }
    match tournament.champion() {
        Some(who) => {
            assert!(!tournament.is_disqualified(who));
            assert!(nth(who) == CHAMPION || tournament.has_completed_a_run(who));
        }
        None => assert!(
            tournament
                .defender()
                .is_none_or(|defender| tournament.is_disqualified(defender.submission)),
            "a defender that may play keeps the title at least"
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_format_ends_and_keeps_its_promises(
        rules in any_rules(),
        defend: bool,
        field in 1_usize..=17,
        scores in table(),
        whims in whims(),
    ) {
        let rules = if defend { defended(rules) } else { rules };
        let mut game = Game::closed(rules.clone(), field);
        let added = play(&mut game, &scores, &whims, field);
        check(&game, &rules, field, added);
        // The record is the tournament.
        let log = game.stored();
        prop_assert_eq!(&log, &game.log);
        prop_assert_eq!(&Tournament::replay(&log).unwrap(), &game.tournament);
        let found = audit(&log);
        prop_assert_eq!(found.differences, []);
        prop_assert_eq!(found.champion, game.tournament.champion());
        // Judged again without changes, nothing changes, whatever has happened on the way.
        let judged = game.tournament.rejudge(&Changes::default()).unwrap();
        prop_assert_eq!(judged.champion, game.tournament.champion());
        prop_assert_eq!(judged.champion_before, game.tournament.champion());
        prop_assert_eq!(judged.ranking, judged.ranking_before);
        prop_assert_eq!((judged.cut_too_early, judged.kept_too_long), (vec![], vec![]));
    }

    /// Whatever is put right, the event that says so fits, and the audit agrees.
    #[test]
    fn any_erratum_can_be_recorded(
        rules in any_rules(),
        defend: bool,
        field in 1_usize..=9,
        scores in table(),
        whims in whims(),
        out in prop::collection::btree_set(0_usize..10, 0..4),
        wrong in prop::collection::btree_map(1_u128..60, 0_u8..=10, 0..6),
        ranks: bool,
    ) {
        let racing = matches!(rules.play, Play::Racing(_));
        let rules = if defend { defended(rules) } else { rules };
        let mut game = Game::closed(rules, field);
        play(&mut game, &scores, &whims, field);
        let fits = |run: RunId| {
            let run = game.tournament.find_run(run);
            run.is_some_and(|run| run.outcome.is_some())
        };
        let changes = Changes {
            // A race is not judged by ranks.
            combine: (ranks && !racing).then_some(Combine::Ranks),
            metrics: None,
            erratum: Erratum {
                void_blocks: vec![],
                corrected: wrong
                    .into_iter()
                    .map(|(run, score)| (RunId(Uuid::from_u128(run)), score))
                    .filter(|(run, _)| fits(*run))
                    .map(|(run, score)| (run, match score {
                        0 => failed(),
                        score => completed(f64::from(score) / 10.0),
                    }))
                    .collect(),
                disqualify: out
                    .into_iter()
                    .map(|nth| submission(if nth == 9 { CHAMPION } else { nth }))
                    .filter(|who| {
                        let mut known = game.tournament.entrants();
                        known.any(|one| one.submission == *who)
                            && !game.tournament.is_disqualified(*who)
                    })
                    .collect(),
            },
        };
        let judged = game.tournament.rejudge(&changes).unwrap();
        prop_assert!(judged.champion.is_none_or(|who| !changes.erratum.disqualify.contains(&who)));
        prop_assert_eq!(judged.ranking.first().copied().filter(|_| judged.champion.is_some()), judged.champion);
        let (champion, ranking) = (judged.champion, judged.ranking);
        game.happens(Event::Rejudged { changes, reason: "an error".to_owned(), champion, ranking });
        prop_assert_eq!(game.tournament.champion(), champion);
        let log = game.stored();
        prop_assert_eq!(&Tournament::replay(&log).unwrap(), &game.tournament);
        prop_assert_eq!(audit(&log).differences, []);
    }

    #[test]
    fn the_outcome_depends_on_results_alone(
        rules in any_rules(),
        defend: bool,
        field in 2_usize..=17,
        scores in table(),
        order in prop::collection::vec((0_usize..64, 0_i32..3), 64),
    ) {
        let rules = if defend { defended(rules) } else { rules };
        let score = |who, block| look_up(&scores, who, block);
        let mut straight = Game::closed(rules.clone(), field);
        straight.play_out(score);
        let mut turn = 0;
        let mut shuffled = Game::closed(rules, field);
        shuffled.finish(score, |_| {
            turn += 1;
            order[turn % order.len()]
        });
        // Byte-equal, whatever the order of arrival and the attempts lost on the way.
        prop_assert_eq!(
            serde_json::to_string(&straight.decisions()).unwrap(),
            serde_json::to_string(&shuffled.decisions()).unwrap()
        );
        prop_assert_eq!(straight.champion(), shuffled.champion());
    }

    #[test]
    fn a_restart_anywhere_comes_to_the_same_end(
        rules in any_rules(),
        defend: bool,
        field in 1_usize..=9,
        scores in table(),
        cut_at in 0.0_f64..1.0,
    ) {
        let rules = if defend { defended(rules) } else { rules };
        let score = |who, block| look_up(&scores, who, block);
        let mut straight = Game::closed(rules, field);
        let sealed = straight.log.len();
        straight.finish(score, |turn| (turn / 2, 1));
        let kept = sealed + ((straight.log.len() - sealed) as f64 * cut_at) as usize;
        let mut again = Game::restarted(&straight.stored()[..kept]);
        again.play_out(score);
        prop_assert_eq!(again.champion(), straight.champion());
        prop_assert_eq!(again.decisions(), straight.decisions());
    }

    /// No event is refused after it has begun to change something.
    #[test]
    fn what_is_refused_changes_nothing(
        rules in any_rules(),
        field in 1_usize..=5,
        scores in table(),
        at in 0.0_f64..1.0,
    ) {
        let mut game = Game::closed(rules, field);
        game.play_out(|who, block| look_up(&scores, who, block));
        let at = 1 + ((game.log.len() - 1) as f64 * at) as usize;
        let before = Tournament::replay(&game.log[..at]).unwrap();
        for event in &game.log {
            let mut after = before.clone();
            if after.apply(event).is_err() {
                prop_assert_eq!(&after, &before);
            } else {
                prop_assert!(step(before.clone(), event).is_ok());
            }
        }
    }
}
