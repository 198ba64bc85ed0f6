//! Servers that take no writes for a while, as during a fail-over.
//!
//! A session keeps what it began with: one to a server that has become a standby, or that began
//! while the database was read-only, stays so when everything else is well again. So after a
//! refused write connections are looked at before they are used, and those that cannot write
//! make room for new ones. Reads go on meanwhile.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Executor as _, PgConnection, Row as _};

/// SQLSTATE of a write where there are none (`read_only_sql_transaction`).
pub(crate) const REFUSED_WRITE: &str = "25006";

/// Connections are looked at for so long after the last that could not write: the time in
/// which those in steady use come by.
const CAUTION: Duration = Duration::from_secs(60);

/// A younger connection that cannot write is kept: a newer one could not either.
const YOUNG: Duration = Duration::from_secs(1);

static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Milliseconds from [`BEGUN`] to the end of caution; 0 if there was never reason for any.
static CAUTIOUS_UNTIL: AtomicU64 = AtomicU64::new(0);

/// Notes that a write was refused.
pub(crate) fn suspect() {
    let until = BEGUN.elapsed() + CAUTION;
    let millis = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
    CAUTIOUS_UNTIL.fetch_max(millis, Ordering::Relaxed);
}

/// Whether connections are to be looked at.
pub(crate) fn is_suspected() -> bool {
    let until = CAUTIOUS_UNTIL.load(Ordering::Relaxed);
    until > 0 && BEGUN.elapsed().as_millis() < u128::from(until)
}

/// Whether a connection of this age is of use.
pub(crate) async fn is_of_use(conn: &mut PgConnection, age: Duration) -> Result<bool, sqlx::Error> {
    let row = conn
        .fetch_one(sqlx::raw_sql("SHOW transaction_read_only"))
        .await?;
    let read_only: String = row.try_get(0)?;
    if read_only == "off" {
        return Ok(true);
    }
    suspect();
    Ok(age < YOUNG)
}
