//! Ratings of methods over the tournaments of a task: a pure function of stored results.
//!
//! A method is its module's digest, whatever it is called, so a champion that defends its
//! title keeps its rating. Tournaments count in the order of their end. Each gives at most
//! two matches ([`gauntlet_domain::record::Matches`]): the field by its final ranking, and the
//! title's round by the mean on its blocks.
//!
//! Methods whose strength is equal share a place. In a list they stand in the order of the last
//! tournament's tie-break, which nobody could choose.
//!
//! The rating is that of R. C. Weng and C.-J. Lin ("A Bayesian Approximation Method for Online
//! Ranking", 2011), full pairs under Bradley and Terry's model, with the paper's numbers, as
//! the crate `skillratings` computes it. It takes a ranking of many as one match. Glicko-2
//! knows games of two, and would count a ranking of n as n − 1 independent games of each,
//! which it is not.

mod contribution;
mod played;

use std::collections::BTreeMap;

use gauntlet_domain::{Digest, MethodName, TournamentId, TournamentName};
use skillratings::MultiTeamOutcome;
use skillratings::weng_lin::{WengLinConfig, WengLinRating, weng_lin_multi_team};

pub use contribution::Contribution;
pub use played::Played;

/// A method's rating, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Rated {
    /// Its place by [`Self::at_least`], from 1; equals share one.
    pub place: u32,
    /// Digest of its module.
    pub digest: Digest,
    /// Its name in the last tournament it took part in.
    pub name: MethodName,
    /// The estimate of its strength; who is new has 25.
    pub rating: f64,
    /// The estimate's standard deviation; who is new has 25 / 3.
    pub uncertainty: f64,
    /// Tournaments it took part in.
    pub history: Vec<Step>,
}

/// What a tournament did to a method's rating.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The tournament.
    pub tournament: TournamentId,
    /// Its name.
    pub name: TournamentName,
    /// When it ended, in microseconds since 1970.
    pub ended_at: i64,
    /// The method's place in the final ranking, from 1.
    pub place: u32,
    /// How many were ranked.
    pub of: u32,
    /// Whether it won.
    pub champion: bool,
    /// The rating afterwards.
    pub rating: f64,
    /// Its uncertainty afterwards.
    pub uncertainty: f64,
}

impl Rated {
    /// What its strength exceeds almost certainly: three standard deviations below the
    /// estimate. Lists go by this, so that a lucky first tournament does not lead one.
    pub fn at_least(&self) -> f64 {
        self.rating - 3.0 * self.uncertainty
    }

    /// Tournaments it won.
    pub fn titles(&self) -> usize {
        self.history.iter().filter(|step| step.champion).count()
    }
}

/// Rates everybody who was ranked in these tournaments of one task, best first. The order in
/// which they are given does not matter.
pub fn rate(mut played: Vec<Played>) -> Vec<Rated> {
    played.sort_by_key(|one| (one.ended_at, one.id));
    let mut rated: BTreeMap<Digest, Rated> = BTreeMap::new();
    for tournament in &played {
        let gives = &tournament.gives;
        for (digest, name) in &gives.ranking {
            let new = || newcomer(*digest, name.clone());
            rated.entry(*digest).or_insert_with(new).name = name.clone();
        }
        for groups in &gives.matches {
            play(&mut rated, groups);
        }
        for (place, (digest, _)) in (1..).zip(&gives.ranking) {
            let Some(one) = rated.get_mut(digest) else {
                continue;
            };
            let step = Step {
                tournament: tournament.id,
                name: tournament.name.clone(),
                ended_at: tournament.ended_at,
                place,
                of: gives.ranking.len() as u32,
                champion: gives.champion == Some(*digest),
                rating: one.rating,
                uncertainty: one.uncertainty,
            };
            one.history.push(step);
        }
    }
    let mut all: Vec<Rated> = rated.into_values().collect();
    if let Some(last) = played.last() {
        all.sort_by_cached_key(|one| last.gives.seed.tie_break(&one.digest));
    }
    // Stable: equals stay in that order.
    all.sort_by(|one, other| other.at_least().total_cmp(&one.at_least()));
    for at in 0..all.len() {
        all[at].place = match at.checked_sub(1).map(|before| &all[before]) {
            Some(before) if before.at_least() == all[at].at_least() => before.place,
            _ => at as u32 + 1,
        };
    }
    all
}

fn newcomer(digest: Digest, name: MethodName) -> Rated {
    let rating = WengLinRating::new();
    Rated {
        place: 0,
        digest,
        name,
        rating: rating.rating,
        uncertainty: rating.uncertainty,
        history: Vec::new(),
    }
}

/// One match: groups of equals, best first. Of fewer than two it says nothing.
fn play(rated: &mut BTreeMap<Digest, Rated>, groups: &[Vec<Digest>]) {
    let strength = |who: &Digest| (rated[who].rating, rated[who].uncertainty);
    let mut entrants: Vec<(usize, Digest)> = groups
        .iter()
        .enumerate()
        .flat_map(|(rank, group)| group.iter().map(move |who| (rank, *who)))
        .filter(|(_, who)| rated.contains_key(who))
        .collect();
    if entrants.len() < 2 {
        return;
    }
    // Sums of floating point depend on the order, so equals are in that of their strength: those
    // left equal by it are interchangeable, and get the same numbers in any order.
    entrants.sort_by(|(one_rank, one), (other_rank, other)| {
        let ((one, one_sd), (other, other_sd)) = (strength(one), strength(other));
        let by_strength = one.total_cmp(&other).then(one_sd.total_cmp(&other_sd));
        one_rank.cmp(other_rank).then(by_strength)
    });
    let before: Vec<[WengLinRating; 1]> = entrants
        .iter()
        .map(|(_, who)| {
            [WengLinRating {
                rating: rated[who].rating,
                uncertainty: rated[who].uncertainty,
            }]
        })
        .collect();
    let teams: Vec<(&[WengLinRating], MultiTeamOutcome)> = before
        .iter()
        .zip(&entrants)
        .map(|(team, (rank, _))| (&team[..], MultiTeamOutcome::new(rank + 1)))
        .collect();
    let after = weng_lin_multi_team(&teams, &WengLinConfig::new());
    for ((_, who), team) in entrants.iter().zip(after) {
        if let (Some(one), Some(now)) = (rated.get_mut(who), team.first()) {
            one.rating = now.rating;
            one.uncertainty = now.uncertainty;
        }
    }
}
