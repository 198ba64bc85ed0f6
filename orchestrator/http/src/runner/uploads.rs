//! What runners have put into the blob store: a result may name nothing else.
//!
//! The database knows it for all orchestrators. What was put here lately is also remembered here,
//! so that a report costs no question.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use gauntlet_domain::{Digest, TokenId};
use gauntlet_storage::{Db, Result, uploads};

/// So many are remembered; then it begins anew.
const MOST: usize = 4096;

/// See the module. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Uploads(Arc<Mutex<HashSet<(TokenId, Digest)>>>);

impl Uploads {
    /// A token has put a blob there.
    pub(crate) async fn note(&self, db: &Db, token: TokenId, digest: Digest) -> Result<()> {
        let mut conn = db.acquire().await?;
        uploads::note(&mut conn, token, &digest).await?;
        self.remember(token, digest);
        Ok(())
    }

    /// Whether a token has put a blob there.
    pub(crate) async fn has(&self, db: &Db, token: TokenId, digest: Digest) -> Result<bool> {
        let known = |all: &HashSet<_>| all.contains(&(token, digest));
        if known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(true);
        }
        let mut conn = db.acquire().await?;
        let put = uploads::was_put_by(&mut conn, token, &digest).await?;
        if put {
            self.remember(token, digest);
        }
        Ok(put)
    }

    fn remember(&self, token: TokenId, digest: Digest) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert((token, digest));
    }
}
