//! A completed tournament as ratings see it.

use gauntlet_domain::{TournamentId, TournamentName};

use crate::Contribution;

/// A completed tournament.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Its id.
    pub id: TournamentId,
    /// Its name.
    pub name: TournamentName,
    /// When it ended, in microseconds since 1970.
    pub ended_at: i64,
    /// What it gives.
    pub gives: Contribution,
}
