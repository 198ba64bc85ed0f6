//! `gauntlet-intake` as it is when a parser has a hole: it does what the file tells it to, in
//! the place and with the rights of the real one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode};

use gauntlet_intake::{Answer, confine};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid, getppid};
use serde_json::json;

fn main() -> ExitCode {
    let mut told = String::new();
    if std::io::stdin().read_to_string(&mut told).is_err() {
        return ExitCode::from(3);
    }
    let (told, confined) = match told.strip_prefix("confined ") {
        Some(told) => (told, true),
        None => (told.as_str(), false),
    };
    if confined && confine().is_err() {
        return ExitCode::from(4);
    }
    match told {
        "panic" => panic!("a parser that did not expect this"),
        "abort" => std::process::abort(),
        "kill" => {
            let _gone = kill(Pid::this(), Signal::SIGKILL);
        }
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 1 << 20]);
                std::hint::black_box(&all);
            }
        }
        "flood" => {
            let line = [b'x'; 4096];
            while std::io::stdout().write_all(&line).is_ok() {}
        }
        "garbage" => println!("{{\"accepted\":"),
        "terminal" => {
            let left_out = vec!["\u{1b}[2J".to_owned()];
            say(&Answer::Accepted { left_out });
        }
        // An image that nobody has written, as a length and what has that length.
        "image" | "image elsewhere" => {
            let from = if told == "image" { 0 } else { 1 };
            let image = json!({ "rewritten": {
                "facts": {
                    "archive_bytes": 1, "unpacked_bytes": 1, "entries": 1, "layers": 1,
                    "privileged_files": 0, "left_out": [],
                    "config": {
                        "entrypoint": ["/x"], "environment": [], "working_directory": "/",
                    },
                },
                "layers": [{ "digest": "0f".repeat(32), "from": from, "bytes": 5 }],
            } })
            .to_string();
            print!("layer{image}");
            end(&image);
        }
        "accepted at the end" => {
            let answer = json!({ "accepted": { "left_out": [] } }).to_string();
            print!("{answer}");
            end(&answer);
        }
        "disk" => {
            let mut out = match std::io::stdout().as_fd().try_clone_to_owned() {
                Ok(out) => File::from(out),
                Err(_) => return ExitCode::from(5),
            };
            // Far behind what may be written; nothing before it takes a place on the disk.
            let written = out
                .seek(SeekFrom::Start(1 << 40))
                .and_then(|_| out.write_all(b"x"));
            return ExitCode::from(if written.is_ok() { 0 } else { 6 });
        }
        _ => {
            let left_out = reached(told);
            say(&Answer::Accepted { left_out });
        }
    }
    ExitCode::SUCCESS
}

/// How long an answer behind layers is.
fn end(answer: &str) {
    let length = (answer.len() as u64).to_le_bytes();
    if std::io::stdout().write_all(&length).is_err() {
        std::process::abort();
    }
}

fn say(answer: &Answer) {
    if serde_json::to_writer(std::io::stdout(), answer).is_err() {
        std::process::abort();
    }
}

/// What it gets at. `address` is one that somebody listens on.
fn reached(address: &str) -> Vec<String> {
    let data = getrlimit(Resource::RLIMIT_DATA);
    let tries = [
        ("a file", File::open("/etc/passwd").is_ok()),
        ("a folder", std::fs::read_dir("/etc").is_ok()),
        (
            "a new file",
            File::create("/tmp/gauntlet-intake-was-here").is_ok(),
        ),
        (
            "its own file",
            stdin().and_then(|mut file| file.write_all(b"x")).is_ok(),
        ),
        ("the network", TcpStream::connect(address).is_ok()),
        ("a socket", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("a program", Command::new("/bin/true").status().is_ok()),
        ("root", geteuid().is_root()),
        ("an environment", std::env::vars_os().next().is_some()),
        ("its parent", kill(getppid(), None).is_ok()),
        ("memory", data.is_ok_and(|(soft, _)| soft > 1 << 30)),
    ];
    let reached = tries.into_iter().filter(|(_, reached)| *reached);
    reached.map(|(what, _)| what.to_owned()).collect()
}

/// The file that it was given, to be written to.
fn stdin() -> std::io::Result<File> {
    std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(File::from)
}
