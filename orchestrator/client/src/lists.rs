//! Lists, which come in pieces: nobody who asks here sees less than the whole.

use gauntlet_api::{List, Ratings};
use serde::de::DeserializeOwned;

use crate::{Client, ClientError};

/// Most of a list that comes in one answer.
const LARGEST_PIECE: u32 = 200;

impl Client {
    /// `GET /api/v1/{path}`: the whole of a list, which comes in pieces.
    pub async fn list<T: DeserializeOwned>(&self, path: &[&str]) -> Result<List<T>, ClientError> {
        let mut whole: List<T> = self.piece(path, None).await?;
        while let Some(after) = whole.next.take() {
            let piece: List<T> = self.piece(path, Some(after)).await?;
            whole.items.extend(piece.items);
            whole.next = piece.next;
        }
        Ok(whole)
    }

    /// `GET /api/v1/tasks/{task}/ratings`, the whole of it.
    pub async fn ratings(&self, task: &str) -> Result<Ratings, ClientError> {
        let path = ["tasks", task, "ratings"];
        let mut whole: Ratings = self.piece(&path, None).await?;
        while let Some(after) = whole.next.take() {
            let piece: Ratings = self.piece(&path, Some(after)).await?;
            whole.methods.extend(piece.methods);
            whole.next = piece.next;
        }
        Ok(whole)
    }

    async fn piece<T: DeserializeOwned>(
        &self,
        path: &[&str],
        after: Option<String>,
    ) -> Result<T, ClientError> {
        let limit = ("limit", LARGEST_PIECE.to_string());
        let after = after.map(|after| ("after", after));
        let query: Vec<_> = std::iter::once(limit).chain(after).collect();
        self.get_with(path, &query).await
    }
}
