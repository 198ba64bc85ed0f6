//! The answer to a runner that speaks about an attempt that is not its own any more.

use gauntlet_storage::leases::Holder;

use crate::{Reason, Refusal};

/// The answer to every message about an attempt that is not the sender's (any more).
pub(super) fn lease_lost(holder: &Holder) -> Refusal {
    Reason::new(
        "lease-lost",
        format!(
            "attempt {} of run {} is not leased to this runner",
            holder.attempt, holder.run
        ),
        "stop the sandbox and forget the run; it is being taken care of",
    )
    .field("path.attempt")
    .conflict()
}
