//! What handlers share.

use std::sync::Arc;

use gauntlet_scheduler::Context;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::changes::Changes;
use crate::public::spool::Uploads;
use crate::runner::images_asked::ImagesAsked;
use crate::runner::lease_dispatcher::LeaseDispatcher;
use crate::runner::report_batcher::ReportBatcher;

/// Shared by all handlers; cloning is cheap.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) context: Context,
    pub(crate) changes: Changes,
    /// Where runners ask for work.
    pub(crate) leases: LeaseDispatcher,
    /// Where runners hand in their results.
    pub(crate) reports: ReportBatcher,
    /// Who may upload at the same time.
    pub(crate) uploads: Arc<Uploads>,
    /// Whether anybody takes images.
    pub(crate) images_asked: Arc<ImagesAsked>,
    /// Ends long answers (streams, waits) when the server ends.
    pub(crate) stop: CancellationToken,
    _stop_with_the_last: Arc<DropGuard>,
}

impl App {
    /// Starts the tasks that listen for notifications, hand out work and take results in.
    /// They end with the last clone of the app or when `stop` is cancelled.
    pub(crate) fn start(context: Context, stop: &CancellationToken) -> Self {
        let stop = stop.child_token();
        let changes = Changes::start(context.db.clone(), stop.clone());
        let leases = LeaseDispatcher::start(context.clone(), changes.subscribe(), stop.clone());
        Self {
            leases,
            reports: ReportBatcher::start(context.clone()),
            uploads: Arc::default(),
            images_asked: Arc::default(),
            _stop_with_the_last: Arc::new(stop.clone().drop_guard()),
            context,
            changes,
            stop,
        }
    }
}
