//! Who stands where: a pure function of accepted results.

use std::collections::BTreeMap;

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::tournament::points::Points;
use crate::tournament::round::Entrant;
use crate::tournament::rules::Combine;
use crate::tournament::seed::TournamentSeed;
use crate::tournament::standing::Standing;
use crate::tournament::state::Tournament;

/// Orders `entrants` by their total over rounds `from` to `to`, the better first, then fewer
/// faults, then a hash of seed and digest that nobody could choose. Methods without results
/// come last.
pub(crate) fn standings<'a>(
    seed: &TournamentSeed,
    combine: &Combine,
    scale: &Metric,
    entrants: impl Iterator<Item = &'a Entrant>,
    points: &Points,
    (from, to): (u32, u32),
) -> Vec<Standing> {
    let lines = entrants
        .map(|entrant| {
            let who = entrant.submission;
            let total = points.total(combine, who, from, to);
            let counting = points.counting(who, from, to);
            let standing = Standing {
                place: 0,
                submission: who,
                mean: total.unwrap_or(scale.miss),
                blocks: counting.len() as u32,
                faults: counting.iter().filter(|point| point.fault).count() as u32,
                estimate: None,
                p_best: None,
                points: None,
                opponents: None,
            };
            (standing, entrant)
        })
        .collect();
    placed(seed, scale, lines)
}

/// Gives out the places.
fn placed(
    seed: &TournamentSeed,
    scale: &Metric,
    lines: Vec<(Standing, &Entrant)>,
) -> Vec<Standing> {
    let mut keyed: Vec<_> = lines
        .into_iter()
        .map(|(standing, entrant)| (standing, seed.tie_break(&entrant.digest)))
        .collect();
    // Points are small multiples of one half: they compare exactly.
    let descending = |a: Option<f64>, b: Option<f64>| b.unwrap_or(0.0).total_cmp(&a.unwrap_or(0.0));
    keyed.sort_by(|(a, a_key), (b, b_key)| {
        by_estimate(scale, a, b)
            .then(descending(a.points, b.points))
            .then(descending(a.opponents, b.opponents))
            .then((b.blocks > 0).cmp(&(a.blocks > 0)))
            .then(scale.order(a.mean, b.mean))
            .then(a.faults.cmp(&b.faults))
            .then(a_key.cmp(b_key))
    });
    (1..)
        .zip(keyed)
        .map(|(place, (standing, _))| Standing { place, ..standing })
        .collect()
}

/// The standings with their lines changed, and places given out anew.
pub(crate) fn placed_anew(
    tournament: &Tournament,
    standings: Vec<Standing>,
    mut change: impl FnMut(&mut Standing),
) -> Vec<Standing> {
    let Some(seed) = tournament.seed() else {
        return standings;
    };
    let entrants: BTreeMap<SubmissionId, &Entrant> = tournament
        .entrants()
        .map(|entrant| (entrant.submission, entrant))
        .collect();
    let lines = standings
        .into_iter()
        .filter_map(|mut line| {
            let entrant = *entrants.get(&line.submission)?;
            change(&mut line);
            Some((line, entrant))
        })
        .collect();
    placed(seed, &tournament.scale(), lines)
}

/// By estimate, where both have one; who has none comes after who has.
fn by_estimate(scale: &Metric, a: &Standing, b: &Standing) -> std::cmp::Ordering {
    match (a.estimate, b.estimate) {
        (Some(a), Some(b)) => scale.order(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
