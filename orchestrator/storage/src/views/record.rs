use std::collections::BTreeMap;

use gauntlet_domain::record::Link;
use gauntlet_domain::tournament::{Audience, Disclosure};
use gauntlet_domain::{Digest, TournamentName};

use crate::tournaments::{self, Lock};
use crate::{Access, Conn, Error, Result, events, members};

/// Events of a tournament's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Name of the chain.
    pub chain: String,
    /// Digest of the last event that there is to see.
    pub head: Digest,
    /// How many there are to see.
    pub length: i64,
    /// Those asked for, oldest first.
    pub links: Vec<Link>,
    /// Which accounts are named beside them, by number, for those who see everything.
    pub actors: BTreeMap<i64, String>,
}

/// Events of a tournament after number `after`, at most `limit`, as `audience` may see them, if
/// the tournament is there for `access`.
/// Events are hashed with every digit of a score, and a digest of few possible texts tells which
/// it was: where scores are shown rounded, the record ends before the first event of a run.
pub async fn record(
    conn: &mut Conn,
    name: &TournamentName,
    (audience, access): (Audience, Access),
    after: i64,
    limit: i64,
) -> Result<Option<RecordView>> {
    let Some(id) = members::seen(&mut *conn, name, access).await? else {
        return Ok(None);
    };
    let chain = id.to_string();
    let row = tournaments::get(&mut *conn, id, Lock::None).await?;
    let head = events::head(&mut *conn, &chain).await?;
    let (Some(row), Some((mut length, mut head))) = (row, head) else {
        return Ok(None);
    };
    if !Disclosure::of(audience, row.state).is_full()
        && let Some(first) = events::first_of_a_run(&mut *conn, &chain).await?
    {
        length = first - 1;
        let last = events::list(&mut *conn, &chain, length - 1, 1).await?;
        head = last
            .first()
            .map(|link| link.digest)
            .ok_or_else(|| Error::Corrupt(format!("the chain {chain} begins with a run")))?;
    }
    let limit = limit.min(length - after).max(0);
    let links = events::list(&mut *conn, &chain, after, limit).await?;
    let actors = match audience {
        Audience::Organiser => events::actors(&mut *conn, &chain, after, limit).await?,
        Audience::Everyone => BTreeMap::new(),
    };
    Ok(Some(RecordView {
        chain,
        head,
        length,
        links,
        actors,
    }))
}
