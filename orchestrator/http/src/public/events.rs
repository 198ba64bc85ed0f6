//! Server-sent events: something changed, fetch it again.
//!
//! An event carries no content. The first one comes at once, so whoever subscribes
//! and then fetches misses nothing.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, stream};
use gauntlet_api::{CHANGE_EVENT, ChangeEvent};
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::Audience;
use gauntlet_domain::{RunId, TournamentId};
use gauntlet_storage::{Access, tournaments};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::auth::{Eyes, Viewer};
use crate::changes::Subscription;
use crate::convert;
use crate::error::{Error, Result};
use crate::extract::Path;
use crate::page::Piece;
use crate::read;
use crate::token_watch::Hold;

/// Heartbeats of many runners come closer together than a page needs to follow.
const PAUSE: Duration = Duration::from_millis(200);

/// `GET /api/v1/tournaments/{name}/events`.
#[utoipa::path(
    get,
    path = "/tournaments/{name}/events",
    operation_id = "watch_tournament",
    tag = "tournaments",
    summary = "When a tournament changes",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    responses(
        (status = 200, description = "Events: `change`, with a ChangeEvent as its data", body = inline(crate::openapi::shapes::Change), content_type = "text/event-stream"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn tournament(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let id = read::tournament_id(&app, &name, viewer.access()).await?;
    let seen = Seen {
        eyes: viewer.eyes(&app, &name).await?,
        hold: viewer.hold(&app),
    };
    Ok(watch(app, seen, name, Subject::Tournament(id)))
}

/// `GET /api/v1/runs/{id}/events`.
#[utoipa::path(
    get,
    path = "/runs/{id}/events",
    operation_id = "watch_run",
    tag = "runs",
    summary = "When a run changes",
    params(("id" = uuid::Uuid, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "Events: `change`, with a ChangeEvent as its data", body = inline(crate::openapi::shapes::Change), content_type = "text/event-stream"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn run(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<RunId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let run = read::run_for(&app, id, &viewer).await?;
    let seen = Seen {
        eyes: viewer.eyes(&app, &run.tournament).await?,
        hold: viewer.hold(&app),
    };
    Ok(watch(
        app,
        seen,
        run.tournament,
        Subject::Run(run.tournament_id, id),
    ))
}

/// `GET /api/v1/events`: tournaments, archive and runners as the home page lists them.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "watch_everything",
    tag = "platform",
    summary = "When any tournament, entry or runner changes",
    responses(
        (status = 200, description = "Events: `change`, with a ChangeEvent as its data", body = inline(crate::openapi::shapes::Change), content_type = "text/event-stream"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn everything(
    State(app): State<App>,
    viewer: Viewer,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen = Seen {
        eyes: Eyes {
            access: viewer.access(),
            audience: Audience::Everyone,
        },
        hold: viewer.hold(&app),
    };
    watch(app, seen, String::new(), Subject::Everything)
}

/// Who looks, and by which token.
struct Seen {
    eyes: Eyes,
    hold: Option<Hold>,
}

#[derive(Clone, Copy)]
enum Subject {
    Tournament(TournamentId),
    Run(TournamentId, RunId),
    Everything,
}

struct Watch {
    app: App,
    seen: Seen,
    name: String,
    subject: Subject,
    subscription: Subscription,
    /// The last version sent.
    last: Option<u64>,
    /// The version of what is stored that this was; none in the stream of everything.
    stored: Option<i64>,
    finished: bool,
}

fn watch(
    app: App,
    seen: Seen,
    name: String,
    subject: Subject,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // Subscribed before the first look, so that nothing falls in between.
    let subscription = app.changes.subscribe();
    let watch = Watch {
        app,
        seen,
        name,
        subject,
        subscription,
        last: None,
        stored: None,
        finished: false,
    };
    let events = stream::unfold(watch, |mut watch| async {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Watch {
    /// The next event; `None` when nothing can follow, the token is no longer good, what is
    /// watched is not there for it any more, or the server ends.
    async fn next(&mut self) -> Option<Event> {
        let hold = self.seen.hold.take();
        let next = tokio::select! {
            next = self.next_change() => next,
            () = ended(hold.as_ref()) => None,
        };
        self.seen.hold = hold;
        next
    }

    async fn next_change(&mut self) -> Option<Event> {
        let stop = self.app.stop.clone();
        stop.run_until_cancelled(async {
            if self.finished {
                return None;
            }
            loop {
                if self.last.is_some() {
                    tokio::time::sleep(PAUSE).await;
                    self.subscription.wait(self.tournament()).await;
                }
                match self.look().await {
                    Ok((version, finished)) if self.last != Some(version) => {
                        self.last = Some(version);
                        self.finished = finished;
                        return Some(self.event(version));
                    }
                    Ok(_) => {}
                    // It is private, and whoever watches is a member no longer.
                    Err(error) if error.is_not_found() => return None,
                    Err(error) => {
                        let problem = error.problem();
                        tracing::debug!(%problem, "an event stream could not look");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        })
        .await
        .flatten()
    }

    fn tournament(&self) -> Option<TournamentId> {
        match self.subject {
            Subject::Tournament(id) | Subject::Run(id, _) => Some(id),
            Subject::Everything => None,
        }
    }

    /// The present version of what the audience may see, and whether it is the last. (That of
    /// what is stored rises with every heartbeat and every fault of the platform.)
    async fn look(&mut self) -> Result<(u64, bool)> {
        let Some(id) = self.tournament() else {
            return Ok((
                everything_version(&self.app, self.seen.eyes.access).await?,
                false,
            ));
        };
        let stored = {
            let mut conn = self.app.context.db.acquire().await?;
            tournaments::version(&mut conn, id).await?
        };
        let (stored, ended) =
            stored.ok_or_else(|| Error::not_found("path", "tournament", &self.name))?;
        if let (Some(last), true) = (self.last, self.stored == Some(stored)) {
            return Ok((last, self.finished));
        }
        let seen = match self.subject {
            Subject::Run(_, run) => {
                let view = read::run(&self.app, run, self.seen.eyes).await?;
                // Nor does anything follow for a run that is not needed any more.
                let over = matches!(view.state, RunState::Done | RunState::Void) || ended;
                (version_of(&convert::run(view))?, over)
            }
            _ => {
                let view = read::tournament(&self.app, &self.name, self.seen.eyes).await?;
                (version_of(&convert::tournament(view))?, ended)
            }
        };
        self.stored = Some(stored);
        Ok(seen)
    }

    fn event(&self, version: u64) -> Event {
        let change = ChangeEvent {
            tournament: self.name.clone(),
            version,
            finished: self.finished,
        };
        let event = Event::default().event(CHANGE_EVENT);
        // Names and numbers always become JSON.
        event.json_data(change).unwrap_or_default()
    }
}

/// Resolves when the token is no longer good; never, where there is none.
async fn ended(hold: Option<&Hold>) {
    match hold {
        Some(hold) => hold.ended().await,
        None => std::future::pending().await,
    }
}

/// The lists, as far as the home page shows them, as a number: another list, another number.
async fn everything_version(app: &App, access: Access) -> Result<u64> {
    let mut hasher = Sha256::new();
    let newest = Piece::first().page()?;
    for tournament in read::tournaments(app, &newest, access).await? {
        hasher.update(format!("{tournament:?}"));
    }
    for entry in read::archive_ids(app, &newest, access).await? {
        hasher.update(entry.0.as_bytes());
    }
    for runner in read::runners(app, Audience::Everyone, &newest).await? {
        hasher.update(format!(
            "{} {} {} {:?}",
            runner.id, runner.class, runner.alive, runner.state
        ));
    }
    Ok(number(&hasher.finalize()))
}

/// An answer as a number: another answer, another number.
fn version_of(answer: &impl Serialize) -> Result<u64> {
    let bytes = serde_json::to_vec(answer).map_err(Error::internal)?;
    Ok(number(&Sha256::digest(bytes)))
}

/// 53 bits, which every JSON reader carries exactly.
fn number(digest: &[u8]) -> u64 {
    let bytes = digest.iter().take(8);
    bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte)) >> 11
}
