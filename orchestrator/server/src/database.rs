//! The database: the one that DATABASE_URL names, else a private server.

use gauntlet_postgres::PrivateServer;

use crate::data_dir::DataDir;
use crate::error::ServerError;
use crate::schema;

/// Name of the database on the private server.
const NAME: &str = "gauntlet";

/// Name of the role that serves there.
const SERVING: &str = "gauntlet_serving";

/// A database that is there.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    private: Option<PrivateServer>,
}

impl Database {
    /// Finds or starts one: the one that is named, else that of `DATABASE_URL`, else a private one.
    /// A private one is migrated by its owner, and served by a role that owns nothing.
    pub(crate) async fn start(
        data: &DataDir,
        named: Option<String>,
        durable: bool,
    ) -> Result<Self, ServerError> {
        if let Some(url) = named {
            return Ok(Self { url, private: None });
        }
        match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => return Ok(Self { url, private: None }),
            Ok(_) | Err(std::env::VarError::NotPresent) => {}
            Err(error) => {
                return Err(ServerError::DatabaseUrl(error));
            }
        }
        let options = if durable {
            gauntlet_postgres::Options::new(data.postgres())
        } else {
            gauntlet_postgres::Options::throwaway(data.postgres())
        };
        let server = PrivateServer::start(options)
            .await
            .map_err(|error| ServerError::failed("start the database", error))?;
        schema::migrate(&server.url(NAME), Some(SERVING)).await?;
        Ok(Self {
            url: server.url_as(SERVING, NAME),
            private: Some(server),
        })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it, if it is ours to end.
    pub(crate) async fn stop(self) -> Result<(), ServerError> {
        match self.private {
            Some(server) => server
                .stop()
                .await
                .map_err(|error| ServerError::failed("stop the database", error)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use gauntlet_storage::{Db, Standing};

    use super::*;

    #[tokio::test]
    async fn a_private_database_is_served_by_a_role_that_owns_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let data = DataDir::resolve(Some(folder.path().join("data"))).unwrap();
        data.create().unwrap();
        // The second time as after an update, over what is there.
        for _ in 0..2 {
            let database = Database::start(&data, None, false).await.unwrap();
            let db = Db::connect(database.url()).await.unwrap();
            assert_eq!(db.standing().await.unwrap(), Standing::Guest);
            db.check_schema().await.unwrap().unwrap();
            assert_eq!(db.excess().await.unwrap(), [""; 0]);
            db.close().await;
            database.stop().await.unwrap();
        }
    }
}
