//! Hands out work to all runners that wait for it.
//!
//! Runners that ask at the same time are served in the same transaction, and however many
//! wait, one question to the database tells whether there is work for them: what waiting
//! costs does not grow with the number of runners.

use std::sync::Arc;

use gauntlet_domain::run::Lane;
use gauntlet_domain::{RunnerId, TokenId};
use gauntlet_scheduler::Context;
use gauntlet_scheduler::commands::claim::{self, Claim, LeaseRequest};
use gauntlet_storage as storage;
use gauntlet_storage::runners::{Asking, Heard};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::changes::Subscription;
use crate::error::{Error, Result};

/// Where runners ask. Cloning shares it.
#[derive(Clone)]
pub(crate) struct LeaseDispatcher(mpsc::UnboundedSender<Request>);

/// A runner that asks.
struct Request {
    token: TokenId,
    ask: LeaseRequest,
    containers: bool,
    until: Instant,
    /// What is known of the runner, once it was asked.
    heard: Option<Heard>,
    answer: oneshot::Sender<Answer>,
}

type Answer = std::result::Result<Vec<Claim>, Failure>;

enum Failure {
    UnknownRunner(RunnerId),
    Storage(Arc<storage::Error>),
}

impl LeaseDispatcher {
    /// Starts it, until `stop`.
    pub(crate) fn start(
        tasks: &mut Background,
        context: Context,
        changes: Subscription,
        stop: CancellationToken,
    ) -> Self {
        let (sender, requests) = mpsc::unbounded_channel();
        tasks.start("hands out leases", async move {
            stop.run_until_cancelled(serve(context, changes, requests))
                .await;
        });
        Self(sender)
    }

    /// Waits until `until` for work: what there is then, at most `ask.most`.
    pub(crate) async fn wait(
        &self,
        token: TokenId,
        ask: LeaseRequest,
        containers: bool,
        until: Instant,
    ) -> Result<Vec<Claim>> {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            token,
            ask,
            containers,
            until,
            heard: None,
            answer,
        };
        // One that has stopped answers nobody: the server is about to end.
        if self.0.send(request).is_err() {
            return Ok(Vec::new());
        }
        match answered.await {
            Ok(Ok(claims)) => Ok(claims),
            Ok(Err(Failure::UnknownRunner(runner))) => Err(claim::unknown_runner(runner).into()),
            Ok(Err(Failure::Storage(error))) => Err(Error::shared(&error)),
            Err(_) => Ok(Vec::new()),
        }
    }
}

async fn serve(
    context: Context,
    mut changes: Subscription,
    mut requests: mpsc::UnboundedReceiver<Request>,
) {
    let mut work = context.signals.on_work();
    let mut waiting: Vec<Request> = Vec::new();
    loop {
        let end = waiting.iter().map(|request| request.until).min();
        tokio::select! {
            request = requests.recv() => match request {
                Some(request) => waiting.push(request),
                None => return,
            },
            // Looking once too often does no harm.
            _ = work.changed() => {}
            () = changes.wait(None) => {}
            () = at(end) => {}
        }
        // Whoever asked meanwhile is served together.
        while let Ok(request) = requests.try_recv() {
            waiting.push(request);
        }
        // Whoever has gone away gets no lease.
        waiting.retain(|request| !request.answer.is_closed());
        identify(&context, &mut waiting).await;
        for (containers, lanes) in [
            (false, [Lane::Wasm].as_slice()),
            (true, [Lane::Wasm, Lane::Oci].as_slice()),
        ] {
            // Who is set aside waits in vain, and then asks again.
            let (those, others) = waiting.into_iter().partition(|request| {
                request.containers == containers && request.heard == Some(Heard::Served)
            });
            waiting = others;
            waiting.extend(look(&context, those, lanes).await);
        }
        let now = Instant::now();
        for late in waiting.extract_if(.., |request| request.until <= now) {
            give(late, Ok(Vec::new()));
        }
    }
}

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Sends away those of the new requests that are not from a runner of ours.
async fn identify(context: &Context, waiting: &mut Vec<Request>) {
    let new: Vec<Request> = waiting
        .extract_if(.., |request| request.heard.is_none())
        .collect();
    if new.is_empty() {
        return;
    }
    let runners: Vec<Asking> = new
        .iter()
        .map(|request| Asking {
            runner: request.ask.runner,
            token: request.token,
            images: request.containers,
        })
        .collect();
    match claim::known(context, &runners).await {
        Ok(heard) => {
            for (mut request, heard) in new.into_iter().zip(heard) {
                if heard == Heard::Unknown {
                    let runner = request.ask.runner;
                    give(request, Err(Failure::UnknownRunner(runner)));
                } else {
                    request.heard = Some(heard);
                    waiting.push(request);
                }
            }
        }
        Err(error) => fail(new, error),
    }
}

/// Gives what there is to those who wait; returns those who go on waiting.
async fn look(context: &Context, waiting: Vec<Request>, lanes: &[Lane]) -> Vec<Request> {
    if waiting.is_empty() {
        return waiting;
    }
    let asks: Vec<LeaseRequest> = waiting.iter().map(|request| request.ask).collect();
    let given = match claim::claim_for(context, &asks, lanes).await {
        Ok(given) => given,
        Err(error) => {
            fail(waiting, error);
            return Vec::new();
        }
    };
    let mut still = Vec::new();
    for (request, claims) in waiting.into_iter().zip(given) {
        if claims.is_empty() {
            still.push(request);
        } else {
            give(request, Ok(claims));
        }
    }
    still
}

fn fail(requests: Vec<Request>, error: storage::Error) {
    let error = Arc::new(error);
    for request in requests {
        give(request, Err(Failure::Storage(Arc::clone(&error))));
    }
}

fn give(request: Request, answer: Answer) {
    if let Err(Ok(claims)) = request.answer.send(answer) {
        // As when the answer is lost on its way: the leases run out.
        for claim in claims {
            tracing::info!(run = %claim.run, "a runner went away before it got its lease");
        }
    }
}
