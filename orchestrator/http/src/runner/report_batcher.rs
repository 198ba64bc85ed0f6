//! Takes results in. Reports that arrive while others are being recorded are recorded
//! together, in one transaction; each still counts or is refused on its own.

use std::sync::Arc;

use gauntlet_scheduler::commands::report::{self, Checked};
use gauntlet_scheduler::{Context, Refusal};
use gauntlet_storage as storage;
use tokio::sync::{mpsc, oneshot};

use crate::background::Background;
use crate::error::{Error, Result};

/// Most reports of one transaction.
const TOGETHER: usize = 64;

/// Where reports are handed in. Cloning shares it.
#[derive(Clone)]
pub(crate) struct ReportBatcher(mpsc::UnboundedSender<Item>);

struct Item {
    report: Checked,
    answer: oneshot::Sender<Answer>,
}

type Answer = std::result::Result<(), Failure>;

enum Failure {
    Refused(Refusal),
    Storage(Arc<storage::Error>),
}

impl ReportBatcher {
    /// Starts it, until its last clone is gone: a server that ends still records what was
    /// handed in.
    pub(crate) fn start(tasks: &mut Background, context: Context) -> Self {
        let (sender, items) = mpsc::unbounded_channel();
        tasks.start("takes results in", serve(context, items));
        Self(sender)
    }

    /// Hands a report in. The future that is returned waits until it is recorded.
    pub(crate) fn hand_in(&self, report: Checked) -> impl Future<Output = Result<()>> + use<> {
        let (answer, answered) = oneshot::channel();
        let handed_in = self.0.send(Item { report, answer });
        async move {
            let ending = || Error::unavailable("the server is about to end");
            handed_in.map_err(|_| ending())?;
            match answered.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(Failure::Refused(refusal))) => Err(refusal.into()),
                Ok(Err(Failure::Storage(error))) => Err(Error::shared(&error)),
                Err(_) => Err(ending()),
            }
        }
    }
}

async fn serve(context: Context, mut items: mpsc::UnboundedReceiver<Item>) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while items.recv_many(&mut batch, TOGETHER).await > 0 {
        let (reports, answers): (Vec<Checked>, Vec<_>) = batch
            .drain(..)
            .map(|item| (item.report, item.answer))
            .unzip();
        let outcome = report::accept_all(&context, reports).await;
        match outcome {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A sender that has gone away sends it again.
                    let _ = answer.send(outcome.map_err(Failure::Refused));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in answers {
                    let _ = answer.send(Err(Failure::Storage(Arc::clone(&error))));
                }
            }
        }
    }
}
