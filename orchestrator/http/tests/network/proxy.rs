//! A bad network between runners and the orchestrator.
//!
//! What becomes of a message follows from the seed, its path and how often that path was
//! asked for: not from which runner happened to be first. Delays of some messages and not
//! of others put them out of order; a late copy arrives when nobody waits for it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
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

/// A proxy that answers at an address of its own, for as long as the runtime lives.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    /// None: a good network.
    seed: Option<u64>,
    upstream: SocketAddr,
    asked: Mutex<HashMap<String, u32>>,
    fates: Mutex<Fates>,
}

impl Proxy {
    pub(crate) async fn start(upstream: SocketAddr, seed: Option<u64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            seed,
            upstream,
            asked: Mutex::default(),
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
        let dice = self.dice(&request);
        let note = |note: fn(&mut Fates)| note(&mut self.fates.lock().unwrap());
        // Before it arrives.
        if dice[0] < 70 {
            note(|fates| fates.delayed += 1);
            tokio::time::sleep(Duration::from_millis(u64::from(dice[1]) * 2)).await;
        }
        match dice[2] {
            0..25 => {
                note(|fates| fates.lost += 1);
                return Ok(());
            }
            25..45 => {
                note(|fates| fates.doubled += 1);
                let copy = Arc::clone(&self);
                let again = request.clone();
                tokio::spawn(async move {
                    let _nobody_waits = copy.ask(&again).await;
                });
            }
            45..65 => {
                note(|fates| fates.repeated_late += 1);
                let copy = Arc::clone(&self);
                let again = request.clone();
                let late = Duration::from_millis(300 + u64::from(dice[3]) * 16);
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let _nobody_waits = copy.ask(&again).await;
                });
            }
            _ => {}
        }
        let answer = self.ask(&request).await?;
        // After it was carried out.
        match dice[4] {
            0..25 => note(|fates| fates.answer_lost += 1),
            25..35 => {
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

    /// What becomes of this message.
    fn dice(&self, request: &[u8]) -> [u8; 5] {
        let Some(seed) = self.seed else {
            return [255; 5];
        };
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or(b"");
        let line = String::from_utf8_lossy(line).into_owned();
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            let nth = asked.entry(line.clone()).or_default();
            *nth += 1;
            *nth
        };
        let digest = Sha256::digest(format!("{seed} {line} {nth}"));
        std::array::from_fn(|at| digest[at])
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
