//! The database: the one that DATABASE_URL names, else a private server.

use gauntlet_postgres::PrivateServer;

use crate::data_dir::DataDir;
use crate::error::ServerError;

/// Name of the database on the private server.
const NAME: &str = "gauntlet";

/// A database that is there.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    private: Option<PrivateServer>,
}

impl Database {
    /// Finds or starts one.
    pub(crate) async fn start(data: &DataDir, durable: bool) -> Result<Self, ServerError> {
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
        Ok(Self {
            url: server.url(NAME),
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
