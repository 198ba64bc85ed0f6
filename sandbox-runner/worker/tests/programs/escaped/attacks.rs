//! What an escaped worker tries. `Ok` says what it got.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use nix::libc;

use crate::calls::{call, map};

type Got = Result<String, String>;

/// `PTRACE_SEIZE`: to trace a process without stopping it.
const SEIZE: libc::c_long = 0x4206;

fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// Tries one thing.
pub(crate) fn attempt(what: &str, arguments: &[&str]) -> Got {
    let one = || arguments.first().copied().ok_or("no argument".to_owned());
    match what {
        "nothing" => Ok("nothing".to_owned()),
        "read" => text(File::open(one()?)),
        "list" => list(one()?),
        "write" => write(one()?),
        "parent-environment" => text(File::open(format!("/proc/{}/environ", parent()))),
        "parent-memory" => parent_memory(),
        "parent-memory-by-call" => parent_memory_by_call(),
        "trace-parent" => call(libc::SYS_ptrace, [SEIZE, parent().into()]).map(number),
        "signal-parent" => call(libc::SYS_kill, [parent().into(), 0, 0, 0]).map(number),
        "continue-parent" => call(
            libc::SYS_kill,
            [parent().into(), libc::SIGCONT.into(), 0, 0],
        )
        .map(number),
        "continue-parent-by-handle" => continue_parent_by_handle(),
        "continue-parent-by-file" => continue_parent_by_file(),
        "limit-parent" => limit_parent(),
        "act-on-parent" => act_on_parent(one()?),
        "tcp" => TcpStream::connect_timeout(
            &one()?.parse().map_err(|_| "no address".to_owned())?,
            Duration::from_millis(300),
        )
        .map(|_| "connected".to_owned())
        .map_err(words),
        "udp" => UdpSocket::bind("127.0.0.1:0")
            .and_then(|socket| socket.send_to(b"labels", one().unwrap_or_default()))
            .map(|sent| format!("sent {sent} bytes"))
            .map_err(words),
        "abstract" => SocketAddr::from_abstract_name(one()?)
            .and_then(|address| UnixStream::connect_addr(&address))
            .map(|_| "connected".to_owned())
            .map_err(words),
        "unix" => UnixStream::connect(one()?)
            .map(|_| "connected".to_owned())
            .map_err(words),
        "other-sockets" => call(libc::SYS_socket, [libc::AF_ALG.into(), 5, 0, 0]).map(number),
        "keys" => keys(),
        "rings" => rings(),
        "user-namespace" => {
            call(libc::SYS_unshare, [libc::CLONE_NEWUSER.into(), 0, 0, 0]).map(number)
        }
        "threads" => threads(),
        "memory" => map(16 << 30).map(|()| "16 GiB".to_owned()),
        "disk" => disk(),
        "environment" => environment(),
        "execute" => std::process::Command::new(one()?)
            .output()
            .map(|output| format!("{:?}", output.status))
            .map_err(words),
        other => Err(format!("there is no attack {other}")),
    }
}

fn words(error: std::io::Error) -> String {
    error.to_string()
}

fn number(value: i64) -> String {
    value.to_string()
}

fn text(file: std::io::Result<File>) -> Got {
    let mut start = [0; 64];
    let read = file
        .and_then(|mut file| file.read(&mut start))
        .map_err(words)?;
    Ok(String::from_utf8_lossy(&start[..read]).into_owned())
}

fn list(path: &str) -> Got {
    let entries = fs::read_dir(path).map_err(words)?;
    let names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    Ok(names.join(" "))
}

fn write(path: &str) -> Got {
    File::create(path)
        .and_then(|mut file| file.write_all(b"residue"))
        .map(|()| "written".to_owned())
        .map_err(words)
}

fn parent_memory() -> Got {
    let maps = fs::read_to_string(format!("/proc/{}/maps", parent())).map_err(words)?;
    let stack = maps
        .lines()
        .find(|line| line.contains("[heap]"))
        .ok_or("no heap")?;
    let start = stack.split('-').next().unwrap_or_default();
    let start = u64::from_str_radix(start, 16).map_err(|error| error.to_string())?;
    let mut memory = File::open(format!("/proc/{}/mem", parent())).map_err(words)?;
    memory.seek(SeekFrom::Start(start)).map_err(words)?;
    let mut bytes = [0; 16];
    memory.read_exact(&mut bytes).map_err(words)?;
    Ok(format!("{bytes:?}"))
}

/// Whether an address that nobody has is what is wrong says whether the call would look
/// into the parent at all: a refusal is not a bad address.
fn parent_memory_by_call() -> Got {
    let mut buffer = [0_u8; 8];
    let local = [buffer.as_mut_ptr() as libc::c_long, 8];
    let remote: [libc::c_long; 2] = [0x1000, 8];
    let (local, remote) = (
        local.as_ptr() as libc::c_long,
        remote.as_ptr() as libc::c_long,
    );
    let looked = call(
        libc::SYS_process_vm_readv,
        [parent().into(), local, 1, remote, 1, 0],
    );
    match looked {
        Err(error) if error.contains("Bad address") => Ok("a look into the parent".to_owned()),
        other => other.map(number),
    }
}

/// By the handle of a process instead of its number.
fn continue_parent_by_handle() -> Got {
    let handle = call(libc::SYS_pidfd_open, [parent().into(), 0])?;
    call(
        libc::SYS_pidfd_send_signal,
        [handle, libc::SIGCONT.into(), 0, 0],
    )
    .map(number)
}

/// A file sends the signal, to whoever is told to be its owner.
fn continue_parent_by_file() -> Got {
    let file = call(libc::SYS_memfd_create, [c"x".as_ptr() as libc::c_long, 0])?;
    let set = |what: libc::c_int, to: libc::c_long| call(libc::SYS_fcntl, [file, what.into(), to]);
    set(libc::F_SETOWN, parent().into())?;
    // F_SETSIG
    set(10, libc::SIGCONT.into()).map(number)
}

/// The parent's own limit of open files, set to what it is.
fn limit_parent() -> Got {
    let files = libc::c_long::from(libc::RLIMIT_NOFILE);
    let mut limit = [0_u64; 2];
    let limit = limit.as_mut_ptr() as libc::c_long;
    call(libc::SYS_prlimit64, [parent().into(), files, 0, limit])?;
    call(libc::SYS_prlimit64, [parent().into(), files, limit, 0]).map(number)
}

/// Calls that act upon another process, or make a file send it signals, with arguments
/// that change nothing. An error of theirs means that the kernel looked: a refusal is
/// "not permitted".
fn act_on_parent(what: &str) -> Got {
    let parent = libc::c_long::from(parent());
    let zeros = [0_u64; 8];
    let zeros = zeros.as_ptr() as libc::c_long;
    // Nobody's number.
    let nobody = libc::c_long::from(i32::MAX);
    // SCHED_ATTR_SIZE_VER0, and no policy.
    let attributes = [48_u64, 0, 0, 0, 0, 0];
    let attributes = attributes.as_ptr() as libc::c_long;
    // F_OWNER_PID
    let owner = [1_i32, i32::try_from(parent).unwrap_or(0)];
    let owner = owner.as_ptr() as libc::c_long;
    let file = call(libc::SYS_memfd_create, [c"x".as_ptr() as libc::c_long, 0])?;
    let reached = match what {
        "affinity" => call(libc::SYS_sched_setaffinity, [parent, 0, zeros]),
        "attributes" => call(libc::SYS_sched_setattr, [parent, attributes, 0]),
        "parameters" => call(libc::SYS_sched_setparam, [parent, zeros]),
        "policy" => call(libc::SYS_sched_setscheduler, [parent, 0, zeros]),
        "priority" => call(libc::SYS_setpriority, [0, parent, 0]),
        "priority-of-a-user" => call(libc::SYS_setpriority, [2, nobody, 0]),
        "disk-priority" => call(libc::SYS_ioprio_set, [1, parent, 0]),
        "disk-priority-of-a-user" => call(libc::SYS_ioprio_set, [3, nobody, 0]),
        "pages" => call(libc::SYS_move_pages, [parent, 0, 0, 0, 0, 0]),
        "node" => call(libc::SYS_migrate_pages, [parent, 0, 0, 0]),
        "owner" => call(libc::SYS_fcntl, [file, 15, owner]),
        "owner-of-a-socket" => call(libc::SYS_ioctl, [file, 0x8901, owner]),
        "group-of-a-socket" => call(libc::SYS_ioctl, [file, 0x8902, owner]),
        other => return Err(format!("there is no way called {other}")),
    };
    match reached {
        Err(error) if error.contains("not permitted") => Err(error),
        reached => Ok(format!("{reached:?}")),
    }
}

/// A key in the user's ring, where it outlives this process.
fn keys() -> Got {
    const USER_RING: libc::c_long = -4;
    let (kind, name) = (c"user".as_ptr(), c"gauntlet-residue".as_ptr());
    let (kind, name) = (kind as libc::c_long, name as libc::c_long);
    call(libc::SYS_add_key, [kind, name, name, 4, USER_RING]).map(number)
}

fn rings() -> Got {
    let parameters = [0_u8; 120];
    call(
        libc::SYS_io_uring_setup,
        [4, parameters.as_ptr() as libc::c_long, 0, 0],
    )
    .map(number)
}

/// As many threads as there may be, up to 2,000.
fn threads() -> Got {
    let mut count = 0;
    let mut error = None;
    while count < 2_000 && error.is_none() {
        let thread = std::thread::Builder::new()
            .stack_size(16 << 10)
            .spawn(|| std::thread::sleep(Duration::from_secs(60)));
        match thread {
            Ok(_) => count += 1,
            Err(refused) => error = Some(refused),
        }
    }
    match error {
        None => Ok(format!("{count} threads")),
        Some(error) => Err(format!("{error} after {count} threads")),
    }
}

/// 400 MiB in files that each stay below the limit of one file.
fn disk() -> Got {
    let block = vec![7; 4 << 20];
    for number in 0..100 {
        fs::write(format!("filler-{number}"), &block).map_err(words)?;
    }
    // Long enough for the supervisor to look, however busy the machine is.
    std::thread::sleep(Duration::from_secs(60));
    Ok("400 MiB".to_owned())
}

fn environment() -> Got {
    let known = ["GAUNTLET_RUN_FOLDER", "GLIBC_TUNABLES"];
    let found: Vec<String> = std::env::vars()
        .map(|(name, _)| name)
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    if found.is_empty() {
        Err("nothing that was not put there".to_owned())
    } else {
        Ok(found.join(" "))
    }
}
