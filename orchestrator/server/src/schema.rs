//! The database's schema: who brings it up to date, and as whom an orchestrator serves from it.

use gauntlet_storage::{Db, Granted, Standing, check_owner};

use crate::error::ServerError;

/// Where it says why two roles, and how.
const DOCUMENTED: &str = "docs/DATABASE.md#two-roles";

/// What [`migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// All roles that may serve from the database now, but the owner.
    pub serving: Vec<String>,
    /// The role named was not there: it was made, without a password.
    pub made: bool,
}

/// Brings the schema of the database at `url` up to date, as the owner of its tables, and lets
/// `serving` serve from it: the role is made if it is not there. Roles that served before go on.
///
/// # Errors
/// If the database cannot be worked with, or the role is not one to serve.
pub async fn migrate(url: &str, serving: Option<&str>) -> Result<Migrated, ServerError> {
    check_owner(url)
        .await
        .map_err(ServerError::Connect)?
        .map_err(ServerError::UnfitDatabase)?;
    let db = Db::connect(url).await.map_err(ServerError::Connect)?;
    let migrated = migrate_as_owner(&db, serving).await;
    db.close().await;
    migrated
}

async fn migrate_as_owner(db: &Db, serving: Option<&str>) -> Result<Migrated, ServerError> {
    up(db).await?;
    let granting = |error| ServerError::failed("grant the rights to serve", error);
    let made = match serving {
        None => false,
        Some(role) => {
            let granted = db.let_serve(role).await.map_err(granting)?;
            granted.map_err(ServerError::UnfitRole)? == Granted::Made
        }
    };
    let serving = db.serving_roles().await.map_err(granting)?;
    Ok(Migrated { serving, made })
}

async fn up(db: &Db) -> Result<(), ServerError> {
    db.migrate()
        .await
        .map_err(|error| ServerError::failed("bring the database's schema up to date", error))
}

/// Sees that an orchestrator can serve over these connections: the owner brings the schema up to
/// date by itself, another role finds it so or is told who has to.
pub(crate) async fn ready(db: &Db) -> Result<(), ServerError> {
    let looking = |error| ServerError::failed("look at the database's schema", error);
    match db.standing().await.map_err(looking)? {
        Standing::NoTables | Standing::Owner => up(db).await?,
        Standing::Guest => {
            let fits = db.check_schema().await.map_err(looking)?;
            fits.map_err(ServerError::UnfitSchema)?;
        }
    }
    let excess = db.excess().await.map_err(looking)?;
    if !excess.is_empty() {
        tracing::warn!(
            "the database's role could change what has happened, since {}; let another role serve: \
             {DOCUMENTED}",
            excess.join(" and ")
        );
    }
    Ok(())
}
