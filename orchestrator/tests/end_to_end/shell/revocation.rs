//! A token that is revoked stops working, also where something is under way.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use crate::shell::figure;
use crate::shell::wire::{address, answer, begin, token};
use crate::support::{Data, Up};

const TIMES: usize = 10;

/// From the answer that it is revoked to the end of a stream that its bearer reads, the longest
/// of some; requests are refused at once.
#[test]
fn shell_figure_revoked_tokens_stop_working() {
    let data = Data::new();
    let up = Up::start(&data, &["--no-runner"]);
    let create = "tournament create cup --task digits --seed 1 --rungs 1 --blocks 1";
    data.json(create.split(' '));
    data.json(["tournament", "open", "cup"]);
    let address = address(&up);
    let mut longest = Duration::ZERO;
    for _ in 0..TIMES {
        let (id, secret) = token(&data, "reader");
        let path = "/api/v1/tournaments/cup/events";
        let stream = begin(&address, "GET", path, &secret, None);
        let mut reader = BufReader::new(stream);
        // It has begun: the head of the answer, and its first event.
        let mut line = String::new();
        while !line.starts_with("data:") {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "it ends at once");
        }
        let ends = std::thread::spawn(move || {
            let _ = reader.read_to_end(&mut Vec::new());
            Instant::now()
        });
        data.json(["token", "revoke", &id]);
        let revoked = Instant::now();
        let refused = answer(begin(&address, "GET", path, &secret, None));
        assert_eq!(refused.0, 401, "{refused:?}");
        let ended = ends.join().unwrap();
        longest = longest.max(ended.saturating_duration_since(revoked));
    }
    figure("revoke_ms", longest.as_secs_f64() * 1000.0);
}
