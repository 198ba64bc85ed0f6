//! Who may upload at the same time: so many altogether, and so many of them for one token,
//! so that one who sends slowly stands in nobody's way but his own. Where several have agreed
//! to send slowly, the slowest of them makes room for whoever waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::StatusCode;
use gauntlet_domain::TokenId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::upload_pace::{Sender, Senders};
use crate::error::{Error, Result};

/// How long one waits before somebody who is slow has to make room.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many there are, and how long one waits for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seats {
    /// For everybody together.
    pub(crate) all: usize,
    /// For one token.
    pub(crate) own: usize,
    pub(crate) wait: Duration,
}

/// The places of one kind of upload.
pub(crate) struct Places {
    what: &'static str,
    seats: Seats,
    all: Arc<Semaphore>,
    /// Of tokens that have one or wait for one.
    own: Mutex<HashMap<TokenId, Weak<Semaphore>>>,
    senders: Senders,
}

/// A place that was taken, until it is dropped.
pub(crate) struct Place {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    sender: Sender,
}

impl Place {
    /// Notes that so many bytes more have come.
    pub(crate) fn received(&self, bytes: u64) {
        self.sender.received(bytes);
    }

    /// Notes that everything has come: it makes room for nobody any more.
    pub(crate) fn arrived(&self) {
        self.sender.arrived();
    }

    /// Waits until the place has to be given up; why, in words for its sender.
    pub(crate) async fn gives_way(&self) -> Error {
        self.sender.gives_way().await
    }
}

impl Places {
    /// `what` takes the places: "images".
    pub(crate) fn new(what: &'static str, seats: Seats) -> Self {
        Self {
            what,
            seats,
            all: Arc::new(Semaphore::new(seats.all)),
            own: Mutex::default(),
            senders: Senders::default(),
        }
    }

    /// Waits for a place, but not for long.
    pub(crate) async fn take(&self, token: TokenId) -> Result<Place> {
        let deadline = Instant::now() + self.seats.wait;
        let Seats { all, own, wait } = self.seats;
        let what = self.what;
        // A token's own come first: who waits for them holds none of the others.
        let its = self.of(token);
        let own = match timeout_at(deadline, its.acquire_owned()).await {
            Ok(place) => place.map_err(Error::internal)?,
            Err(_) => {
                return Err(Error::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too-many-uploads",
                    "Too many uploads at once",
                    format!(
                        "{own} of this token's {what} are being received, and none was done within \
                         {} seconds",
                        wait.as_secs()
                    ),
                    "wait until what you send is there, or end it, and send this one again",
                )
                .field("header.authorization")
                .limit(format!("{own} of {what} at once for each token"))
                .retry_after(wait));
            }
        };
        let seat = Arc::clone(&self.all).acquire_owned();
        tokio::pin!(seat);
        let patience = deadline.min(Instant::now() + PATIENCE);
        let seated = match timeout_at(patience, &mut seat).await {
            Ok(seated) => Ok(seated),
            Err(_) => {
                self.senders.make_room(what);
                timeout_at(deadline, seat).await
            }
        };
        let all = match seated {
            Ok(place) => place.map_err(Error::internal)?,
            Err(_) => {
                return Err(Error::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "uploads-busy",
                    "Too many uploads at once",
                    format!(
                        "{all} {what} are being received, and none was done within {} seconds",
                        wait.as_secs()
                    ),
                    "send it again later",
                )
                .limit(format!("{all} {what} at once"))
                .retry_after(wait));
            }
        };
        Ok(Place {
            _all: all,
            _own: own,
            sender: self.senders.begin(),
        })
    }

    fn of(&self, token: TokenId) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = own.get(&token).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(self.seats.own));
        own.insert(token, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const WAIT: Duration = Duration::from_secs(60);

    fn places() -> Places {
        let seats = Seats {
            all: 3,
            own: 2,
            wait: WAIT,
        };
        Places::new("images", seats)
    }

    fn token(number: u128) -> TokenId {
        TokenId(Uuid::from_u128(number))
    }

    #[tokio::test(start_paused = true)]
    async fn one_token_cannot_hold_all_places() {
        let places = places();
        let first = places.take(token(1)).await.unwrap();
        let _second = places.take(token(1)).await.unwrap();
        let started = Instant::now();
        let refused = places.take(token(1)).await.err().unwrap();
        assert!(started.elapsed() < 2 * WAIT);
        assert_eq!(refused.problem().status, 429);
        let limit = refused.problem().limit.as_deref();
        assert_eq!(limit, Some("2 of images at once for each token"));
        // Another is not held up.
        let other = places.take(token(2)).await.unwrap();
        let busy = places.take(token(3)).await.err().unwrap();
        assert_eq!(busy.problem().status, 503);
        assert_eq!(busy.problem().limit.as_deref(), Some("3 images at once"));
        drop((first, other));
        let _third = places.take(token(1)).await.unwrap();
        let _again = places.take(token(3)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_makes_room_for_whoever_waits() {
        let places = places();
        let mut holders = Vec::new();
        // A few patient tokens: all faster than is asked for, and the second the slowest.
        for (number, bytes) in [(1, 9 << 20), (2, 8 << 20), (3, 10 << 20)] {
            let place = places.take(token(number)).await.unwrap();
            place.received(bytes);
            holders.push(place);
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        let started = Instant::now();
        let patient = async {
            let refused = holders[1].gives_way().await;
            drop(holders.remove(1));
            refused
        };
        let (newcomer, refused) = tokio::join!(places.take(token(4)), patient);
        let newcomer = newcomer.unwrap();
        assert!(started.elapsed() < WAIT);
        assert_eq!(refused.problem().status, 408);
        assert!(refused.problem().kind.ends_with("gave-way"));
        // Whoever comes next waits as long, and the newcomer is the slowest by then.
        let patient = async {
            newcomer.gives_way().await;
            drop(newcomer);
        };
        let (next, ()) = tokio::join!(places.take(token(5)), patient);
        next.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_fast_or_done_makes_room_for_nobody() {
        let places = places();
        let fast = places.take(token(1)).await.unwrap();
        fast.received(8 << 30);
        let done = places.take(token(2)).await.unwrap();
        done.arrived();
        let other = places.take(token(3)).await.unwrap();
        other.received(8 << 30);
        tokio::time::advance(Duration::from_secs(60)).await;
        let busy = places.take(token(4)).await.err().unwrap();
        assert_eq!(busy.problem().status, 503);
        for place in [&fast, &done, &other] {
            let asked = tokio::time::timeout(WAIT, place.gives_way()).await;
            assert!(asked.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_that_are_done_are_forgotten() {
        let places = places();
        for number in 0..100 {
            drop(places.take(token(number)).await.unwrap());
        }
        assert!(places.own.lock().unwrap().len() <= 1);
    }
}
