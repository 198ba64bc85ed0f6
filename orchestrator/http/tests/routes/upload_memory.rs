//! How much the orchestrator grows under hostile uploads.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};

use crate::support::Server;

/// Most that it may grow, in MiB.
const MOST: u64 = 200;
/// Uploads at once.
const UPLOADS: u8 = 10;

/// The archive that is dearest to read: hundreds of megabytes of what begins like documents,
/// in a few hundred kilobytes. `mark` makes it another one.
fn archive(mark: u8) -> Vec<u8> {
    let mut document = vec![b' '; 1 << 20];
    document[0] = b'{';
    document[1] = mark;
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for number in 0..256 {
        let mut header = tar::Header::new_gnu();
        header.set_size(document.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{number}.json"), document.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A line of what the kernel says about this process, in MiB.
fn mebibytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let rest = status.lines().find_map(|found| found.strip_prefix(line));
    let number = rest.unwrap().trim().trim_end_matches(" kB");
    number.parse::<u64>().unwrap() >> 10
}

/// Writes a figure: a line `NAME NUMBER` in cargo's target folder, below `figures/shell`.
fn figure(name: &str, number: u64) {
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures/shell");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), format!("{name} {number}\n")).unwrap();
}

/// A process of its own, as the kernel counts for all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shell_figure_upload_rss_mib() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let mut uploads = Vec::new();
    for number in 0..UPLOADS {
        uploads.push((number, server.new_token("miner").await, archive(number)));
    }
    // What was most so far is forgotten.
    let forget = std::fs::File::options()
        .write(true)
        .open("/proc/self/clear_refs");
    forget.unwrap().write_all(b"5").unwrap();
    let rest = mebibytes("VmRSS:");
    let all = uploads.into_iter().map(|(number, token, archive)| {
        let server = &server;
        async move {
            let path = format!("/api/v1/tournaments/cup/submissions?name=hostile-{number}");
            let kind = "application/x-tar";
            let answer = server.post_bytes(&path, &token, kind, archive).await;
            let problem = answer.any_problem(422);
            assert!(problem.kind.contains("image-"), "{problem:?}");
        }
    });
    futures::future::join_all(all).await;
    let grown = mebibytes("VmHWM:").saturating_sub(rest);
    figure("upload_rss_mib", grown);
    assert!(grown <= MOST, "{grown} MiB above {rest}");
}
