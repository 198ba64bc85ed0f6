//! Thousands of connections that say nothing, and a crowd that looks on, while a tournament plays.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::recovery::{NAME, cells, check, enter, outcome, show};
use crate::shell::figure;
use crate::shell::wire::address;
use crate::support::{Data, PATIENCE, Up, eventually, need_programs};

/// Connections that send nothing, at any time.
const SILENT: usize = 2_000;
/// Reads a second, by as many readers, each at its own pace.
const READS: u64 = 200;
const READERS: u64 = 8;

/// What the flood did and saw.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    /// Connections that the server ended.
    hung_up: AtomicU64,
    /// Reads that were answered.
    answered: AtomicU64,
    /// Reads that were not.
    failed: AtomicU64,
}

impl Seen {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A connection that says nothing: every other one not a byte, the others half of something.
fn silent(address: SocketAddr, nth: usize) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(30))?;
    if nth % 2 == 1 {
        stream.write_all(b"POST /api/v1/reports HTTP/1.1\r\nhost: h\r\nx-half")?;
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Whether the server has ended it.
fn is_over(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 256]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// Keeps that many open: where one is ended, another comes.
fn say_nothing(address: SocketAddr, seen: &Seen) {
    let mut open: Vec<Option<TcpStream>> = (0..SILENT).map(|_| None).collect();
    while !seen.is_over() {
        for (nth, place) in open.iter_mut().enumerate() {
            if place.as_mut().is_some_and(is_over) {
                *place = None;
                seen.hung_up.fetch_add(1, Ordering::Relaxed);
            }
            if place.is_none() {
                *place = silent(address, nth).ok();
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn look_on(address: SocketAddr, seen: &Seen) {
    let paths = ["/", "/api/v1/tournaments", "/api/v1/runners", "/healthz"];
    let pause = Duration::from_millis(1000 * READERS / READS);
    for path in paths.iter().cycle() {
        if seen.is_over() {
            return;
        }
        match read(address, path) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => &seen.answered,
            _ => &seen.failed,
        }
        .fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(pause);
    }
}

fn read(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(30))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn shell_figure_halfopen_lost_leases() {
    need_programs();
    // Both sides of every connection are files of ours or of our child's.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most.min(16_384), most).unwrap();
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2"]);
    let address: SocketAddr = address(&up).parse().unwrap();
    let seen = Seen::default();
    let ended = std::thread::scope(|threads| {
        threads.spawn(|| say_nothing(address, &seen));
        for _ in 0..READERS {
            threads.spawn(|| look_on(address, &seen));
        }
        // However this ends, the others do.
        let ended = std::panic::catch_unwind(|| {
            enter(&data);
            let ended = outcome(&data);
            let all = SILENT as u64;
            eventually(PATIENCE, "the server hangs up on those", || {
                (seen.hung_up.load(Ordering::Relaxed) >= all).then_some(())
            });
            ended
        });
        seen.stop.store(true, Ordering::Relaxed);
        ended
    });
    check(&ended.unwrap());
    let (answered, failed) = (seen.answered.into_inner(), seen.failed.into_inner());
    assert!(answered > READS, "{answered} answered, {failed} not");
    // One whose connection is taken from it before it has said anything is a place that was
    // needed; most are served.
    assert!(failed * 20 < answered, "{answered} answered, {failed} not");

    let now = show(&data);
    let lost: i64 = cells(&now)
        .iter()
        .map(|run| run["attempt"].as_i64().unwrap() - 1)
        .sum();
    figure("halfopen_lost_leases", lost as f64);
    assert_eq!(lost, 0, "{NAME}: {now:#}");
    assert!(up.stop().success(), "an orderly end is no failure");
}
