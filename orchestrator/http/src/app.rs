//! What handlers share.

use std::ops::Deref;
use std::sync::Arc;

use gauntlet_intake::Intake;
use gauntlet_scheduler::Context;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::background::Background;
use crate::changes::Changes;
use crate::metrics::Metrics;
use crate::public::spool::UploadPlaces;
use crate::recent_tokens::RecentTokens;
use crate::refused::Refused;
use crate::request_limits::{RequestLimiter, RequestLimits};
use crate::runner::lease_dispatcher::LeaseDispatcher;
use crate::runner::report_batcher::ReportBatcher;
use crate::runner::uploads::Uploads;
use crate::token_watch::TokenWatch;

/// What all handlers share. It is cloned several times for every request, so that is one count
/// and not a dozen.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What is shared.
pub(crate) struct Shared {
    pub(crate) context: Context,
    pub(crate) changes: Changes,
    /// Where runners ask for work.
    pub(crate) leases: LeaseDispatcher,
    /// Where runners hand in their results.
    pub(crate) reports: ReportBatcher,
    pub(crate) metrics: Metrics,
    /// Who may upload at the same time.
    pub(crate) places: Arc<UploadPlaces>,
    /// Reads what is handed in.
    pub(crate) intake: Arc<Intake>,
    /// What runners have put into the blob store.
    pub(crate) uploads: Uploads,
    /// Which tokens have answers under way.
    pub(crate) tokens: TokenWatch,
    /// Runners' tokens that were looked up just now.
    pub(crate) recent_tokens: RecentTokens,
    /// Requests without a token that will do.
    pub(crate) refused: Arc<Refused>,
    /// How often one may ask.
    pub(crate) limiter: Arc<RequestLimiter>,
    /// Ends long answers (streams, waits) when the server ends.
    pub(crate) stop: CancellationToken,
    _stop_with_the_last: DropGuard,
}

impl App {
    /// Starts the tasks that listen for notifications, hand out work, take results in and watch
    /// tokens.
    /// `intake` reads what is handed in. The tasks end with the last clone of the app or when `stop`
    /// is cancelled.
    pub(crate) fn start(
        context: Context,
        limits: RequestLimits,
        intake: Intake,
        stop: &CancellationToken,
    ) -> (Self, Background) {
        let stop = stop.child_token();
        let mut tasks = Background::default();
        let changes = Changes::start(&mut tasks, context.db.clone(), stop.clone());
        let subscription = changes.subscribe();
        let leases =
            LeaseDispatcher::start(&mut tasks, context.clone(), subscription, stop.clone());
        let reports = ReportBatcher::start(&mut tasks, context.clone());
        let tokens = TokenWatch::start(&mut tasks, context.db.clone(), stop.clone());
        let metrics = Metrics::new();
        let shared = Shared {
            leases,
            reports,
            metrics: metrics.clone(),
            places: Arc::default(),
            intake: Arc::new(intake),
            tokens,
            recent_tokens: RecentTokens::default(),
            refused: Arc::default(),
            limiter: Arc::new(RequestLimiter::new(limits, metrics)),
            uploads: Uploads::default(),
            _stop_with_the_last: stop.clone().drop_guard(),
            context,
            changes,
            stop,
        };
        (Self(Arc::new(shared)), tasks)
    }
}
