//! A private server on this machine: first start, restart, a killed
//! predecessor, a second user of the same directory.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gauntlet_postgres::{Error, Options, PrivateServer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A directory that the server's user can get to, whoever runs the test.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::Builder::new()
        .prefix("gauntlet-postgres-test-")
        .tempdir()
        .unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o711)).unwrap();
    dir
}

fn options(dir: &tempfile::TempDir) -> Options {
    Options::throwaway(dir.path().join("postgres"))
}

fn socket(data: &Path) -> PathBuf {
    data.join("socket/.s.PGSQL.5432")
}

fn gone(pid: i32) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if kill(Pid::from_raw(pid), None).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[tokio::test]
async fn starts_stops_and_starts_again_on_the_same_cluster() {
    let dir = directory();
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    let pid = server.pid();
    let data = dir.path().join("postgres");
    std::os::unix::net::UnixStream::connect(socket(&data)).unwrap();
    assert!(server.url("gauntlet").starts_with("postgresql://gauntlet@"));
    server.stop().await.unwrap();
    assert!(gone(pid));

    let made = std::fs::metadata(data.join("cluster/PG_VERSION"))
        .unwrap()
        .modified()
        .unwrap();
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    assert_eq!(
        std::fs::metadata(data.join("cluster/PG_VERSION"))
            .unwrap()
            .modified()
            .unwrap(),
        made,
        "the second start made a new cluster"
    );
    drop(server);
}

#[tokio::test]
async fn only_its_owner_can_reach_the_socket() {
    let dir = directory();
    let _server = PrivateServer::start(options(&dir)).await.unwrap();
    let mode = |name: &str| {
        std::fs::metadata(dir.path().join("postgres").join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("socket"), 0o700);
    assert_eq!(mode("cluster"), 0o700);
}

#[tokio::test]
async fn a_killed_server_does_not_block_the_next_start() {
    let dir = directory();
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    kill(Pid::from_raw(server.pid()), Signal::SIGKILL).unwrap();
    drop(server);
    assert!(
        dir.path().join("postgres/cluster/postmaster.pid").exists(),
        "a killed server leaves its pid file behind"
    );
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    std::os::unix::net::UnixStream::connect(socket(&dir.path().join("postgres"))).unwrap();
    drop(server);
}

#[tokio::test]
async fn a_server_left_behind_by_a_killed_process_is_stopped_first() {
    let dir = directory();
    let data = dir.path().join("postgres");
    // Make the cluster, then start a server on it that nobody keeps.
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", server.pid())).unwrap();
    server.stop().await.unwrap();
    let mut orphan = std::process::Command::new(program);
    if nix::unistd::Uid::effective().is_root() {
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::process::CommandExt;
        let owner = std::fs::metadata(data.join("cluster")).unwrap();
        orphan.uid(owner.uid()).gid(owner.gid());
    }
    let mut orphan = orphan
        .arg("-D")
        .arg(data.canonicalize().unwrap().join("cluster"))
        .arg("-k")
        .arg(data.join("socket"))
        .args(["-c", "listen_addresses="])
        .current_dir("/")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while std::os::unix::net::UnixStream::connect(socket(&data)).is_err() {
        assert!(Instant::now() < deadline, "the orphan did not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Reap it as init would, so that it does not stay as a zombie.
    let reaper = std::thread::spawn(move || orphan.wait());

    let server = PrivateServer::start(options(&dir)).await.unwrap();
    assert!(reaper.join().unwrap().is_ok(), "the orphan still runs");
    std::os::unix::net::UnixStream::connect(socket(&data)).unwrap();
    drop(server);
}

#[tokio::test]
async fn a_directory_in_use_is_refused() {
    let dir = directory();
    let _server = PrivateServer::start(options(&dir)).await.unwrap();
    let second = PrivateServer::start(options(&dir)).await;
    assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");
}

#[tokio::test]
async fn a_broken_cluster_is_reported_with_the_servers_words() {
    let dir = directory();
    PrivateServer::start(options(&dir))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    std::fs::remove_file(dir.path().join("postgres/cluster/global/pg_control")).unwrap();
    let broken = PrivateServer::start(options(&dir)).await;
    match broken {
        Err(Error::Start(log)) => {
            assert!(log.contains("could not find the database system"), "{log}")
        }
        other => panic!("{other:?}"),
    }
}

/// Not a test: the process that the next test kills.
#[test]
#[ignore = "started by a_server_ends_with_a_killed_process"]
fn holds_a_server() {
    let data = std::env::var_os("GAUNTLET_TEST_DATA").expect("started by another test");
    let server = PrivateServer::start_blocking(&Options::throwaway(data)).unwrap();
    println!("server {}", server.pid());
    std::thread::sleep(Duration::from_secs(60));
}

#[tokio::test]
async fn a_server_ends_with_a_killed_process() {
    use std::io::BufRead;
    let dir = directory();
    let mut holder = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "holds_a_server"])
        .env("GAUNTLET_TEST_DATA", dir.path().join("postgres"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid: i32 = std::io::BufReader::new(holder.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("server ")?.1.trim().parse().ok())
        .expect("the holder starts a server");
    holder.kill().unwrap();
    holder.wait().unwrap();
    // At once, as `gauntlet up` after a SIGKILL: whether the old server has
    // noticed yet or has to be stopped, the new one starts.
    let server = PrivateServer::start(options(&dir)).await.unwrap();
    assert_ne!(server.pid(), pid);
    assert!(gone(pid), "the server of the killed process still runs");
    drop(server);
}
