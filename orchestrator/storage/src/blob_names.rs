//! Which blobs rows name, and whose database this is.

use std::collections::BTreeSet;

use gauntlet_domain::Digest;
use uuid::Uuid;

use crate::parse;
use crate::{Conn, Result};

/// The id of this database's site.
pub async fn site(conn: &mut Conn) -> Result<Uuid> {
    Ok(sqlx::query_scalar!("SELECT id FROM site")
        .fetch_one(conn)
        .await?)
}

/// Those of `asked` that some row names: a task's data, a method, a model.
pub async fn named(conn: &mut Conn, asked: &[Digest]) -> Result<BTreeSet<Digest>> {
    let asked: Vec<String> = asked.iter().map(Digest::to_string).collect();
    let named = sqlx::query_scalar!(
        r#"SELECT digest AS "digest!" FROM unnest($1::text[]) AS asked (digest)
        WHERE digest IN (SELECT digest FROM submissions)
           OR digest IN (SELECT model FROM results WHERE model IS NOT NULL)
           OR digest IN (SELECT model FROM archive)
           OR digest IN (SELECT train FROM tasks)
           OR digest IN (SELECT hidden_inputs FROM tasks)
           OR digest IN (SELECT hidden_labels FROM tasks)
           OR digest IN (SELECT base FROM tasks WHERE base IS NOT NULL)"#,
        &asked
    )
    .fetch_all(conn)
    .await?;
    named
        .iter()
        .map(|digest| parse::text("digest", digest))
        .collect()
}
