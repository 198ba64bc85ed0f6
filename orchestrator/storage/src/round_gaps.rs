//! How long tournaments stand between their rounds, counted for all of them together.
//!
//! A gap is measured once, when it is over and its round is decided: what a round costs, and
//! not what a look at the counts costs, grows with its runs.

use gauntlet_domain::TournamentId;

use crate::{Conn, Result, parse};

/// What gaps are counted under, in seconds; longer ones under infinity.
pub const BOUNDS: [f64; 12] = [
    0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0,
];

/// What ended a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The first lease of the next round.
    Lease,
    /// The tournament's end, there being no other round.
    End,
}

impl Until {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Lease, Self::End];

    /// As it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::End => "end",
        }
    }
}

/// Gaps of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// How many were at most as long as each of [`BOUNDS`], and longer than the one before;
    /// last, those that were longer than all.
    pub counts: [u64; BOUNDS.len() + 1],
    /// How long they were together, in seconds.
    pub seconds: f64,
}

impl Counted {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Measures the gap after round `number` of a tournament, and counts it. In a round without a
/// result nothing ended, and before one without a lease nothing begins: then there is no gap.
/// Locks a row that all tournaments share: last of all.
pub async fn measure(
    conn: &mut Conn,
    tournament: TournamentId,
    number: u32,
    until: Until,
) -> Result<()> {
    let seconds = sqlx::query_scalar!(
        r#"
        SELECT extract(epoch FROM CASE WHEN $3 THEN clock_timestamp() ELSE (
                   SELECT min(leased_at) FROM rounds
                   JOIN runs ON runs.round_id = rounds.id
                   JOIN attempts ON attempts.run_id = runs.id
                   WHERE rounds.tournament_id = $1 AND rounds.number = $2 + 1) END
               - (SELECT max(ended_at) FROM rounds
                  JOIN runs ON runs.round_id = rounds.id
                  JOIN attempts ON attempts.run_id = runs.id
                  WHERE rounds.tournament_id = $1 AND rounds.number = $2
                    AND attempts.state = 'reported'))::float8 AS seconds
        "#,
        tournament.0,
        parse::int4("rounds.number", number)?,
        until == Until::End
    )
    .fetch_one(&mut *conn)
    .await?;
    let Some(seconds) = seconds.map(|seconds| seconds.max(0.0)) else {
        return Ok(());
    };
    let le = BOUNDS.into_iter().find(|bound| seconds <= *bound);
    sqlx::query!(
        r#"
        INSERT INTO round_gaps AS counted (until, le, count, seconds) VALUES ($1, $2, 1, $3)
        ON CONFLICT (until, le)
        DO UPDATE SET count = counted.count + 1, seconds = counted.seconds + excluded.seconds
        "#,
        until.as_str(),
        le.unwrap_or(f64::INFINITY),
        seconds
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was counted, in the order of [`Until::ALL`].
pub async fn read(conn: &mut Conn) -> Result<[Counted; 2]> {
    let rows = sqlx::query!("SELECT until, le, count, seconds FROM round_gaps")
        .fetch_all(conn)
        .await?;
    let mut counted = [Counted::default(), Counted::default()];
    for row in rows {
        let kind = Until::ALL
            .iter()
            .position(|until| until.as_str() == row.until);
        let Some(counted) = kind.map(|kind| &mut counted[kind]) else {
            continue;
        };
        // A bound of another release counts under the next of ours.
        let bound = BOUNDS.iter().position(|bound| row.le <= *bound);
        counted.counts[bound.unwrap_or(BOUNDS.len())] +=
            parse::number::<u64>("round_gaps.count", row.count)?;
        counted.seconds += row.seconds;
    }
    Ok(counted)
}
