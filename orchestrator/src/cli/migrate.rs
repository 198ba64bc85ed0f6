//! `gauntlet migrate`.

use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::printable;

/// Bring a database's schema up to date, as the owner of its tables, and let another role serve
/// from it: one that cannot change what has happened. To be run before each new release starts,
/// where owner and serving role are two.
///
/// Roles that serve already keep what they need without being named again.
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// The database's address, as the owner of its tables. Arguments are seen by every user of the
    /// machine: a password belongs into the variable, or into a file that PGPASSFILE names.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
    /// The role that is to serve; made without a password if it is not there.
    #[arg(long, value_name = "ROLE")]
    serving_role: Option<String>,
}

/// What `migrate` says.
#[derive(Debug, Serialize)]
struct Done {
    /// All roles that may serve, but the owner.
    serving_roles: Vec<String>,
    /// The role that was made, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
}

impl Migrate {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let role = self.serving_role.as_deref();
        let migrated = gauntlet_server::migrate(&self.database_url, role).await?;
        let done = Done {
            serving_roles: migrated.serving,
            made: self.serving_role.filter(|_| migrated.made),
        };
        output.answer(&done, |done| {
            let mut text = "the schema is up to date".to_owned();
            if done.serving_roles.is_empty() {
                text.push_str(
                    "\n  serving: its owner (--serving-role ROLE lets another role serve)",
                );
            } else {
                text.push_str("\n  serving: ");
                text.push_str(&printable(&done.serving_roles.join(", ")));
            }
            if let Some(made) = &done.made {
                text.push_str("\n  made without a password: ");
                text.push_str(&printable(made));
                text.push_str(" (give it one with psql's \\password, if the server asks for one)");
            }
            text
        })
    }
}
