//! What handlers share.

use std::sync::Arc;

use gauntlet_scheduler::Context;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::background::Background;
use crate::changes::Changes;
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
    /// Ends long answers (streams, waits) when the server ends.
    pub(crate) stop: CancellationToken,
    _stop_with_the_last: Arc<DropGuard>,
}

impl App {
    /// Starts the tasks that listen for notifications, hand out work and take results in.
    /// They end with the last clone of the app or when `stop` is cancelled.
    pub(crate) fn start(context: Context, stop: &CancellationToken) -> (Self, Background) {
        let stop = stop.child_token();
        let mut tasks = Background::default();
        let changes = Changes::start(&mut tasks, context.db.clone(), stop.clone());
        let subscription = changes.subscribe();
        let leases =
            LeaseDispatcher::start(&mut tasks, context.clone(), subscription, stop.clone());
        let reports = ReportBatcher::start(&mut tasks, context.clone());
        let app = Self {
            leases,
            reports,
            _stop_with_the_last: Arc::new(stop.clone().drop_guard()),
            context,
            changes,
            stop,
        };
        (app, tasks)
    }
}
