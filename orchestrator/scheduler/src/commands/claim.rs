//! Gives runners work.

use std::collections::BTreeSet;
use std::time::Duration;

use gauntlet_domain::record::Event;
use gauntlet_domain::run::Lane;
use gauntlet_domain::{RunId, RunnerId, TokenId, TournamentId};
use gauntlet_storage::claims::{self, Lease, MOST_TOGETHER, Picked, Turn, Work};
use gauntlet_storage::runners::{self, Asking, Heard};
use gauntlet_storage::{Error, events};

use crate::{Context, Reason, Refusal};

/// A leased attempt, with all that is needed to execute it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The run.
    pub run: RunId,
    /// The attempt: every later message carries it.
    pub attempt: i32,
    /// The lease ends this long from now, unless prolonged.
    pub lease: Duration,
    /// What to execute.
    pub work: Work,
}

/// A runner that wants work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Who.
    pub runner: RunnerId,
    /// How many attempts it takes at most.
    pub most: usize,
}

/// Leases the next run of these lanes to `runner`, if there is one and the runner is not set
/// aside. Waiting is the caller's.
pub async fn claim(
    ctx: &Context,
    runner: RunnerId,
    token: TokenId,
    lanes: &[Lane],
) -> Result<Option<Claim>, Refusal> {
    let asks = Asking {
        runner,
        token,
        images: lanes.contains(&Lane::Oci),
    };
    match known(ctx, &[asks]).await?.first() {
        Some(Heard::Served) => {}
        Some(Heard::SetAside) => return Ok(None),
        Some(Heard::Unknown) | None => return Err(unknown_runner(runner)),
    }
    let mut claims = claim_for(ctx, &[LeaseRequest { runner, most: 1 }], lanes).await?;
    Ok(claims.pop().and_then(|mut own| own.pop()))
}

/// Notes that these runners were heard; of each whether it is that token's, and gets work.
///
/// # Errors
/// When the database fails.
pub async fn known(ctx: &Context, runners: &[Asking]) -> Result<Vec<Heard>, Error> {
    runners::seen(&mut *ctx.db.acquire().await?, runners).await
}

/// The answer to one that is not known.
pub fn unknown_runner(runner: RunnerId) -> Refusal {
    Reason::new(
        "unknown-runner",
        format!("there is no runner {runner} with this token"),
        "register first with POST /api/v1/runners",
    )
    .field("path.id")
    .not_found()
}

/// Leases the next runs of these lanes to the runners that ask, the first first: for each
/// what it gets, which may be nothing. Whose runs come next follows from the tournaments'
/// shares. Runs of one tournament are leased in one
/// transaction, whoever gets them; each lease has its event. A runner gets a run that it
/// lost before only if there is no other.
///
/// # Errors
/// Those of the first transaction. When a later one fails, what was leased before counts.
pub async fn claim_for(
    ctx: &Context,
    asks: &[LeaseRequest],
    lanes: &[Lane],
) -> Result<Vec<Vec<Claim>>, Error> {
    let mut given = Given::new(asks);
    match fill(ctx, lanes, &mut given).await {
        Err(error) if given.is_empty() => Err(error),
        Err(error) => {
            tracing::warn!(%error, "failed to lease more");
            Ok(given.claims)
        }
        Ok(()) => Ok(given.claims),
    }
}

async fn fill(ctx: &Context, lanes: &[Lane], given: &mut Given<'_>) -> Result<(), Error> {
    // Of one runner the database can be asked what it has not lost; of several it cannot.
    let runners: BTreeSet<RunnerId> = given.asks.iter().map(|ask| ask.runner).collect();
    let alone = runners
        .iter()
        .next()
        .copied()
        .filter(|_| runners.len() == 1);
    let mut have_lost: BTreeSet<RunnerId> = alone.into_iter().collect();
    let mut not_from = Vec::new();
    let asked = given.open(|_| true).len();
    loop {
        let open = given.open(|_| true);
        if open.is_empty() {
            return Ok(());
        }
        let from = Among {
            lanes,
            avoid: alone,
            not_from: &not_from,
            asked,
        };
        match lease(ctx, from, &open, Losses::Keep).await? {
            Leased::Nothing => break,
            Leased::Some(claims) => given.add(claims),
            Leased::OwnLosses(tournament, runners) => {
                not_from.push(tournament);
                have_lost.extend(runners);
            }
        }
    }
    for runner in have_lost {
        // Each time there is less to ask for, or nothing more to be had.
        loop {
            let open = given.open(|ask| ask.runner == runner);
            let from = Among {
                lanes,
                avoid: None,
                not_from: &[],
                asked: open.len(),
            };
            match lease(ctx, from, &open, Losses::Give).await? {
                Leased::Some(claims) => given.add(claims),
                Leased::Nothing | Leased::OwnLosses(..) => break,
            }
        }
    }
    Ok(())
}

/// What each ask has got so far.
struct Given<'a> {
    asks: &'a [LeaseRequest],
    claims: Vec<Vec<Claim>>,
}

impl<'a> Given<'a> {
    fn new(asks: &'a [LeaseRequest]) -> Self {
        let claims = asks.iter().map(|_| Vec::new()).collect();
        Self { asks, claims }
    }

    fn is_empty(&self) -> bool {
        self.claims.iter().all(Vec::is_empty)
    }

    /// The number and runner of each ask, once for every attempt that it still takes.
    fn open(&self, which: impl Fn(&LeaseRequest) -> bool) -> Vec<(usize, RunnerId)> {
        let asks = self.asks.iter().zip(&self.claims).enumerate();
        asks.filter(|(_, (ask, _))| which(ask))
            .flat_map(|(nth, (ask, own))| {
                std::iter::repeat_n((nth, ask.runner), ask.most.saturating_sub(own.len()))
            })
            .take(MOST_TOGETHER)
            .collect()
    }

    fn add(&mut self, claims: Vec<(usize, Claim)>) {
        for (nth, claim) in claims {
            self.claims[nth].push(claim);
        }
    }
}

/// Whether a runner may get what it lost before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Losses {
    Give,
    Keep,
}

/// What came of one transaction.
enum Leased {
    /// There is nothing (more).
    Nothing,
    /// These, each with the number of its ask.
    Some(Vec<(usize, Claim)>),
    /// There are only runs that these runners, who ask, lost themselves.
    OwnLosses(TournamentId, Vec<RunnerId>),
}

/// What may be leased, and to how many it is shared out.
#[derive(Clone, Copy)]
struct Among<'a> {
    lanes: &'a [Lane],
    /// Not what this runner lost before.
    avoid: Option<RunnerId>,
    not_from: &'a [TournamentId],
    /// How many runs were asked for altogether, in this transaction and those before it.
    asked: usize,
}

/// One transaction: leases what comes next to the `open` asks.
async fn lease(
    ctx: &Context,
    from: Among<'_>,
    open: &[(usize, RunnerId)],
    losses: Losses,
) -> Result<Leased, Error> {
    if open.is_empty() {
        return Ok(Leased::Nothing);
    }
    let mut tx = ctx.db.begin_short().await?;
    let turn = claims::pick(
        &mut tx,
        from.lanes,
        from.avoid,
        from.not_from,
        open.len(),
        from.asked,
    )
    .await?;
    let Some(mut turn) = turn else {
        return Ok(Leased::Nothing);
    };
    let tournament = turn.tournament;
    let served = served(&turn, open);
    let picked = std::mem::take(&mut turn.picked);
    let lost_by: Vec<RunnerId> = picked.iter().filter_map(|run| run.lost_by).collect();
    let pairs = pair(picked, &served, losses);
    if pairs.is_empty() {
        // At once, for who looks next skips what is locked.
        tx.rollback().await.map_err(Error::from)?;
        return Ok(if served.is_empty() {
            Leased::Nothing
        } else {
            Leased::OwnLosses(tournament, lost_by)
        });
    }
    let leases: Vec<Lease> = pairs
        .iter()
        .map(|(_, runner, picked)| Lease {
            run: picked.run,
            attempt: picked.attempt,
            runner: *runner,
            cost: picked.work.budget.work,
            longest: picked.work.budget.longest_attempt(),
        })
        .collect();
    claims::take(&mut tx, &turn, &leases, ctx.policy.lease).await?;
    let happened: Vec<Event> = leases
        .iter()
        .map(|lease| Event::RunLeased {
            run: lease.run,
            attempt: lease.attempt,
            runner: lease.runner,
        })
        .collect();
    events::append_all(&mut tx, tournament, &happened).await?;
    ctx.commit(tx, "claim").await?;
    ctx.signals.changed(&ctx.db, [tournament]);
    let claim = |picked: Picked| Claim {
        run: picked.run,
        attempt: picked.attempt,
        lease: ctx.policy.lease,
        work: picked.work,
    };
    let claims = pairs.into_iter();
    Ok(Leased::Some(
        claims
            .map(|(nth, _, picked)| (nth, claim(picked)))
            .collect(),
    ))
}

/// Those of the asks that may get something: none of a runner that is set aside, one of a
/// runner on probation.
fn served(turn: &Turn, open: &[(usize, RunnerId)]) -> Vec<(usize, RunnerId)> {
    let mut on_probation: BTreeSet<RunnerId> = turn.on_probation.iter().copied().collect();
    let mut once =
        |runner: RunnerId| !turn.on_probation.contains(&runner) || on_probation.remove(&runner);
    open.iter()
        .copied()
        .filter(|(_, runner)| !turn.barred.contains(runner) && once(*runner))
        .collect()
}

/// Gives each run to the first who still asks and has not lost it; the oldest run first.
fn pair(
    picked: Vec<Picked>,
    open: &[(usize, RunnerId)],
    losses: Losses,
) -> Vec<(usize, RunnerId, Picked)> {
    let mut open: Vec<(usize, RunnerId)> = open.to_vec();
    let mut pairs = Vec::new();
    for run in picked {
        let may = |runner| losses == Losses::Give || run.lost_by != Some(runner);
        if let Some(at) = open.iter().position(|(_, runner)| may(*runner)) {
            let (nth, runner) = open.remove(at);
            pairs.push((nth, runner, run));
        }
    }
    pairs
}
