//! Instances that do not start or go on, as failures of a command.

use gauntlet_server::ServerError;
use gauntlet_server::blob_key::BlobKeyError;

use super::{Failure, Fault};

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        use ServerError as E;
        let what = error.to_string();
        let unwritable = "name a folder that you may write to with --data DIR or GAUNTLET_DATA, and for blobs \
                          --blobs DIR";
        match error {
            E::NoHome => Self::input(what)
                .field("--data")
                .help("name a folder with --data DIR or GAUNTLET_DATA"),
            E::DataFolder { .. } => Self::input(what).field("--data").help(unwritable),
            E::BlobFolder { .. } => Self::input(what).field("--blobs").help(unwritable),
            E::OpenBlobs { .. } => Self::input(what).field("--blobs").help(
                "chmod 700 it, or 770 if orchestrators of one group share it; what others may have \
                 read is no longer hidden",
            ),
            E::BlobKey(error) => blob_key(&error),
            E::InUse { .. } => Self::input(what)
                .field("--data")
                .help("use the one that runs, stop it, or name another folder with --data DIR"),
            E::SettingsFile { .. } => Self::input(what).field("--config"),
            E::Settings { .. } => Self::input(what)
                .field("--config")
                .help("known keys are listen, tls, tls_cert, tls_key, insecure_http, slots, threads, tasks, blobs, \
                       blob_key_files, \
                       submissions_a_day, submissions_a_tournament, connections, connections_an_address, requests_an_address, \
                       requests_a_token and limit_this_machine"),
            E::Listen { .. } => Self::input(what)
                .field("--listen")
                .help("name another address with --listen ADDR; port 0 takes any free one"),
            E::Insecure { .. } => Self::input(what).field("--listen").help(
                "have it speak TLS with --tls-cert and --tls-key, or --tls self-signed; behind a proxy \
                 that does, listen on 127.0.0.1; --insecure-http does it all the same",
            ),
            E::TlsFiles => Self::input(what)
                .field("--tls-cert")
                .help("name both with --tls-cert FILE --tls-key FILE, or say --tls self-signed"),
            E::Tls(error) => Self::input(what).field("--tls-cert").help(error.help()),
            E::NoRunner { .. } => Self::input(what).field("--no-runner").help(
                "build it with `cargo build --release -p gauntlet-runner -p gauntlet-sandbox -p \
                 gauntlet-worker`, or start without a runner",
            ),
            E::Intake(_) => ours(what).help(
                "gauntlet-intake and gauntlet-launch belong beside this program; `scripts/build \
                 host` builds all of them",
            ),
            E::TaskFolders { .. } => Self::input(what)
                .field("--tasks")
                .help("name a folder of task folders, such as examples/tasks"),
            E::TaskFolder { .. } | E::TaskData { .. } => Self::input(what).field("--tasks"),
            E::TaskDiffers { .. } => Self::input(what).field("--tasks").help(
                "give the changed task a new name in its task.toml; orchestrators that share a \
                 database need the same file `secret` in their data folders",
            ),
            E::DatabaseUrl(_) => Self::input(what).field("DATABASE_URL"),
            E::UnfitDatabase(unfit) | E::UnfitSchema(unfit) => {
                Self::input(what).field("DATABASE_URL").help(unfit.cure)
            }
            E::UnfitRole(unfit) => Self::input(what).field("--serving-role").help(unfit.cure),
            E::Connect(_) => ours(what)
                .help("check that the server of DATABASE_URL runs, or unset it for a private one"),
            E::Token { .. } => {
                ours(what).help("remove tokens.json in the data folder to have new ones made")
            }
            E::Runner { .. } => ours(what)
                .help("its log is above; start without one with `gauntlet up --no-runner`"),
            E::Client(error) => error.into(),
            E::Ended | E::File { .. } | E::Failed { .. } => ours(what),
        }
    }
}

fn blob_key(error: &BlobKeyError) -> Failure {
    use BlobKeyError as E;
    let help = match error {
        E::Unreadable { .. } => {
            "name files that hold keys with --blob-key-file FILE, the one for writing first"
        }
        E::Open { .. } => "chmod 600 it; what others may have read is no longer secret",
        E::NoKeys { .. } => {
            "a key is a line of 64 hex digits, such as `openssl rand -hex 32` writes"
        }
        E::Missing { .. } => {
            "bring the file back, or name the one that holds the key with --blob-key-file FILE; \
             orchestrators that share blobs need the same file `blob-key` in their data folders"
        }
        E::Wrong { .. } => {
            "give that key too, behind the one for writing: on a line of its own in the file, or \
             with --blob-key-file FILE once more"
        }
        E::NotInUse { .. } => {
            "start every orchestrator of these blobs with the key first: one without it could not \
             read them any more"
        }
    };
    Failure::input(error.to_string())
        .field("--blob-key-file")
        .help(help)
}

fn ours(what: String) -> Failure {
    Failure::new(Fault::Ours, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_and_cannot_be_is_named() {
        let io = || std::io::Error::other("no");
        let address = "127.0.0.1:1".parse().unwrap();
        for (error, field) in [
            (ServerError::NoHome, "--data"),
            (
                ServerError::BlobFolder {
                    path: "/x".into(),
                    source: io(),
                },
                "--blobs",
            ),
            (
                ServerError::Listen {
                    address,
                    source: io(),
                },
                "--listen",
            ),
            (ServerError::Insecure { address }, "--listen"),
            (ServerError::NoRunner { path: "/x".into() }, "--no-runner"),
            (ServerError::TaskDiffers { name: "x".into() }, "--tasks"),
        ] {
            let failure = Failure::from(error);
            assert_eq!(failure.field.as_deref(), Some(field), "{failure}");
            assert!(failure.help.is_some(), "{failure}");
            assert_eq!(failure.exit_code(), 2);
        }
    }

    #[test]
    fn what_breaks_of_ours_is_ours() {
        let last = "the local runner ended by itself: exit status: 7".to_owned();
        let failure = Failure::from(ServerError::Runner { last });
        assert_eq!(
            failure.what,
            "failed to keep a runner alive: the local runner ended by itself: exit status: 7"
        );
        assert_eq!(failure.exit_code(), 4);
        assert_eq!(Failure::from(ServerError::Ended).exit_code(), 4);
    }
}
