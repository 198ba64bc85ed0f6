use gauntlet_domain::RunnerId;
use time::OffsetDateTime;

/// A registered runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerView {
    /// Its id.
    pub id: RunnerId,
    /// A name for people.
    pub name: String,
    /// Hardware class.
    pub class: String,
    /// Release of the runner.
    pub version: String,
    /// When it was last heard.
    pub last_seen_at: OffsetDateTime,
    /// Whether that was within the last minute, by the database's clock.
    pub alive: bool,
}
