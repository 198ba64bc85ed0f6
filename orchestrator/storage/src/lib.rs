//! All SQL, and the content-addressed blob store.
//!
//! Functions take `&mut Conn`: the caller owns the transaction, so that a state
//! change and its event commit together. Queries are checked against the
//! schema at compile time, from the data in `.sqlx/`.
//!
//! **Order of locks**, so that transactions cannot wait for each other in a
//! circle: runs, then tournaments, then runners, then shares, then the title of a task, then
//! the event chain, then what is counted of round gaps.

pub mod accounts;
pub mod archive;
mod blob_key_record;
pub mod blob_names;
mod blob_streams;
mod blobs;
pub mod checkpoint_scores;
pub mod claims;
pub mod contributions;
pub mod curves;
mod db;
mod error;
pub mod events;
mod excess;
pub mod gauges;
mod grants;
pub mod idempotency;
pub mod lease_watch;
pub mod leases;
pub mod listen;
pub mod members;
pub mod method_faults;
mod page;
mod parse;
pub mod play;
mod read_only;
pub mod reseal;
pub mod results;
pub mod round_gaps;
pub mod rounds;
pub mod runner_health;
pub mod runners;
pub mod runs;
mod schema;
mod seal;
pub mod series;
mod server;
mod serving;
pub mod shares;
pub mod submissions;
pub mod sweep;
pub mod tasks;
pub mod tokens;
pub mod tournaments;
pub mod unserved;
pub mod uploads;
pub mod views;

pub use blob_key_record::recorded_keys;
pub use blob_streams::PutStreamError;
pub use blobs::Blobs;
pub use db::{Conn, Db, MIGRATOR, Transaction};
pub use error::{Error, Result};
pub use grants::{Listed, listed};
pub use members::Access;
pub use page::{Page, Place};
pub use schema::Standing;
pub use seal::{BlobKey, BlobKeys, BlobKeysError, KeyId};
pub use server::{Unfit, check_owner, check_server};
pub use serving::Granted;
