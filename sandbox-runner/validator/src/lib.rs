//! Checks and prices every tensor operation before it is executed.

mod activation;
mod base;
mod boolean;
mod check;
mod dispatch;
mod dtype;
mod elementwise;
mod float;
mod indexing;
mod int;
mod ledger;
mod limits;
mod module_ops;
mod numeric;
mod price;
mod reduction;
mod sanitise;
mod scalar;
mod shape;
mod table;
mod views;
mod violation;

pub use ledger::Ledger;
pub use limits::{Cost, Limits, MAX_DIMS, Meters};
pub use sanitise::sanitise;
pub use table::Entry;
pub use violation::{Violation, operation_name};
