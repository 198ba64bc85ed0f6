//! A bad network between runners and the orchestrator.
//!
//! What becomes of the n-th message follows from the seed and n. Fates are dealt like cards,
//! a pack after the other, so that each is met in every two dozen messages, whatever the
//! seed. Delays of some messages and not of others put them out of order; a late copy
//! arrives when nobody waits for it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How many messages met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    pub(crate) passed: u32,
    pub(crate) delayed: u32,
    pub(crate) lost: u32,
    pub(crate) answer_lost: u32,
    pub(crate) answer_cut: u32,
    pub(crate) doubled: u32,
    pub(crate) repeated_late: u32,
}

/// What a card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passed,
    Lost,
    AnswerLost,
    AnswerCut,
    Doubled,
    RepeatedLate,
}

/// How often each is in a pack.
const PACK: [(Fate, usize); 6] = [
    (Fate::Passed, 14),
    (Fate::Lost, 3),
    (Fate::AnswerLost, 2),
    (Fate::AnswerCut, 1),
    (Fate::Doubled, 2),
    (Fate::RepeatedLate, 2),
];

/// What becomes of one message.
struct Dealt {
    fate: Fate,
    /// Before it arrives.
    delay: Option<Duration>,
    /// Of a late copy.
    late: Duration,
}

/// A proxy that answers at an address of its own, for as long as the runtime lives.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    /// None: a good network.
    seed: Option<u64>,
    upstream: SocketAddr,
    asked: AtomicU64,
    fates: Mutex<Fates>,
}

impl Proxy {
    pub(crate) async fn start(upstream: SocketAddr, seed: Option<u64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            seed,
            upstream,
            asked: AtomicU64::new(0),
            fates: Mutex::default(),
        });
        let shared = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A connection that breaks is what this is for.
                tokio::spawn(async move {
                    let _broken = shared.one(client).await;
                });
            }
        });
        Self { address, inner }
    }

    pub(crate) fn fates(&self) -> Fates {
        *self.inner.fates.lock().unwrap()
    }
}

impl Inner {
    /// One request, one answer, one connection.
    async fn one(self: Arc<Self>, mut client: TcpStream) -> std::io::Result<()> {
        let Some(request) = read_request(&mut client).await? else {
            return Ok(());
        };
        let dealt = self.deal();
        let note = |note: fn(&mut Fates)| note(&mut self.fates.lock().unwrap());
        if let Some(delay) = dealt.delay {
            note(|fates| fates.delayed += 1);
            tokio::time::sleep(delay).await;
        }
        match dealt.fate {
            Fate::Lost => {
                note(|fates| fates.lost += 1);
                return Ok(());
            }
            Fate::Doubled => {
                note(|fates| fates.doubled += 1);
                self.copy(request.clone(), Duration::ZERO);
            }
            Fate::RepeatedLate => {
                note(|fates| fates.repeated_late += 1);
                self.copy(request.clone(), dealt.late);
            }
            Fate::Passed | Fate::AnswerLost | Fate::AnswerCut => {}
        }
        let answer = self.ask(&request).await?;
        // It was carried out.
        match dealt.fate {
            Fate::AnswerLost => note(|fates| fates.answer_lost += 1),
            Fate::AnswerCut => {
                note(|fates| fates.answer_cut += 1);
                client.write_all(&answer[..answer.len() / 2]).await?;
            }
            _ => {
                note(|fates| fates.passed += 1);
                client.write_all(&answer).await?;
            }
        }
        client.shutdown().await
    }

    /// Sends it once more, and nobody waits for the answer.
    fn copy(self: &Arc<Self>, request: Vec<u8>, late: Duration) {
        let copy = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            let _nobody_waits = copy.ask(&request).await;
        });
    }

    /// What becomes of the next message.
    fn deal(&self) -> Dealt {
        let Some(seed) = self.seed else {
            return Dealt {
                fate: Fate::Passed,
                delay: None,
                late: Duration::ZERO,
            };
        };
        let nth = self.asked.fetch_add(1, Ordering::Relaxed);
        let mut cards: Vec<_> = PACK
            .iter()
            .flat_map(|(fate, times)| std::iter::repeat_n(*fate, *times))
            .collect();
        let size = cards.len() as u64;
        cards.shuffle(&mut ChaCha20Rng::seed_from_u64((seed << 32) + nth / size));
        let mut dice = ChaCha20Rng::seed_from_u64((seed << 32) + (1 << 31) + nth);
        let delay = dice.random_range(0..500);
        Dealt {
            fate: cards[usize::try_from(nth % size).unwrap()],
            delay: dice.random_bool(0.3).then(|| Duration::from_millis(delay)),
            late: Duration::from_millis(dice.random_range(300..4400)),
        }
    }

    async fn ask(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.upstream).await?;
        server.write_all(request).await?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// A whole request, changed so that the connection ends with the answer; none if the client
/// goes away before.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    while bytes.len() < head + 4 + length {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut request = bytes[..head].to_vec();
    request.extend_from_slice(b"\r\nconnection: close");
    request.extend_from_slice(&bytes[head..]);
    Ok(Some(request))
}
