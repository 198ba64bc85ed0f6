//! What commands and loops work with.

use std::time::Duration;

use gauntlet_domain::AccountName;
use gauntlet_storage::{Blobs, Db, Error, Transaction, events};

use crate::Signals;
use crate::health_policy::HealthPolicy;

/// Database, blobs, policy, signals. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Context {
    /// The database.
    pub db: Db,
    /// The blob store.
    pub blobs: Blobs,
    /// The numbers.
    pub policy: Policy,
    /// Hints between the parts of this process.
    pub signals: Signals,
    /// Who acts by it; nobody, where the platform acts by itself.
    actor: Option<AccountName>,
    reached: Reached,
}

/// Hears that a command has come to a place in it.
type Reached = fn(command: &'static str, place: &'static str);

impl Context {
    /// Puts the parts together.
    pub fn new(db: Db, blobs: Blobs, policy: Policy) -> Self {
        Self {
            db,
            blobs,
            policy,
            signals: Signals::new(),
            actor: None,
            reached: |_, _| {},
        }
    }

    /// For tests: `reached` is called wherever a crash would fall between two things that
    /// belong together, and may end the process there. No setting of a running program
    /// leads here.
    #[must_use]
    pub fn with_failpoints(self, reached: Reached) -> Self {
        Self { reached, ..self }
    }

    /// The same for what an account asks for: it is named beside the events of what it does.
    #[must_use]
    pub fn acting(&self, actor: &AccountName) -> Self {
        Self {
            actor: Some(actor.clone()),
            ..self.clone()
        }
    }

    /// Begins a transaction of whoever acts.
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let mut tx = self.db.begin().await?;
        if let Some(actor) = &self.actor {
            events::set_actor(&mut tx, actor).await?;
        }
        Ok(tx)
    }

    /// Names a place where a crash must do no harm.
    pub(crate) fn reached(&self, command: &'static str, place: &'static str) {
        (self.reached)(command, place);
    }

    /// Commits what `command` did; refused, what it locked is free when its answer is there.
    /// (Dropping the transaction would let go of it some time later, and claims pass over
    /// locked runs as if there were none.)
    pub(crate) async fn end<T, E: From<Error>>(
        &self,
        tx: Transaction,
        command: &'static str,
        done: Result<T, E>,
    ) -> Result<T, E> {
        match done {
            Ok(done) => {
                self.commit(tx, command).await?;
                Ok(done)
            }
            Err(error) => {
                // A connection that fails here is closed, which lets go of everything too.
                let _closed = tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Commits what `command` did.
    pub(crate) async fn commit(&self, tx: Transaction, command: &'static str) -> Result<(), Error> {
        self.reached(command, "before commit");
        tx.commit().await?;
        self.reached(command, "after commit");
        Ok(())
    }
}

/// Numbers an operator may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a lease lasts from grant or heartbeat.
    pub lease: Duration,
    /// How often a runner is to send heartbeats.
    pub heartbeat: Duration,
    /// Attempts of a run before it is stuck.
    pub max_attempts: i32,
    /// Pause after a run's first reported fault; doubles with each further one.
    pub retry_pause: Duration,
    /// How often the loops look for themselves, in case a notification was lost.
    pub poll: Duration,
    /// How much may be handed in.
    pub submissions: SubmissionLimits,
    /// How often blobs that no row names are looked for.
    pub sweep_every: Duration,
    /// How long such a blob stays before it is set aside, and again before it is removed.
    /// Longer than any upload and run take from their first blob to the row that names it.
    pub blob_grace: Duration,
    /// When runners are set aside.
    pub health: HealthPolicy,
}

/// How much one account may hand in, by whichever of its tokens. Each method that is scored tells its author something of the
/// hidden part. Admins may hand in what they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionLimits {
    /// In any 24 hours, over all tournaments.
    pub a_day: u32,
    /// To one tournament.
    pub a_tournament: u32,
}

impl SubmissionLimits {
    /// More than anybody hands in: for tests and measurements with one account.
    pub const NONE: Self = Self {
        a_day: u32::MAX,
        a_tournament: u32::MAX,
    };
}

impl Default for SubmissionLimits {
    fn default() -> Self {
        Self {
            a_day: 20,
            a_tournament: 5,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            heartbeat: Duration::from_secs(3),
            max_attempts: 5,
            retry_pause: Duration::from_secs(1),
            poll: Duration::from_secs(1),
            submissions: SubmissionLimits::default(),
            sweep_every: Duration::from_secs(3_600),
            blob_grace: Duration::from_secs(24 * 3_600),
            health: HealthPolicy::default(),
        }
    }
}

/// Longest pause between attempts.
const MAX_PAUSE: Duration = Duration::from_secs(30);

impl Policy {
    /// The pause after attempt number `attempt` was faulted.
    pub(crate) fn pause_after(&self, attempt: i32) -> Duration {
        let doublings = attempt.saturating_sub(1).clamp(0, 16).unsigned_abs();
        self.retry_pause
            .saturating_mul(1 << doublings)
            .min(MAX_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PAUSE, Policy};

    #[test]
    fn pauses_double_up_to_a_limit() {
        let policy = Policy::default();
        assert_eq!(policy.pause_after(1), policy.retry_pause);
        assert_eq!(policy.pause_after(3), policy.retry_pause * 4);
        assert_eq!(policy.pause_after(i32::MAX), MAX_PAUSE);
    }
}
