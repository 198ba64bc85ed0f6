//! Something is killed every few seconds: the orchestrator with all it started, a runner, a
//! worker, or PostgreSQL. What died is started again, and the tournament ends as if nothing
//! had happened.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::recovery::{cells, check, enter, outcome, show, undisturbed};
use crate::support::{Data, PATIENCE, Up, eventually, need_programs};

/// After that no more is killed: the rest has to be played.
const CHAOS: Duration = Duration::from_secs(60);

/// What may be killed.
const VICTIMS: [&str; 4] = ["gauntlet", "gauntlet-runner", "gauntlet-worker", "postgres"];

/// Numbers that follow from a seed, so that victims come in the same order every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The operator grants stuck runs further attempts.
fn repaired(data: &Data) -> Value {
    let now = show(data);
    for cell in cells(&now) {
        if cell["state"] == "stuck" {
            data.json(["tournament", "retry", cell["run"].as_str().unwrap()]);
        }
    }
    now
}

#[test]
fn whatever_is_killed_the_tournament_ends_the_same() {
    need_programs();
    let data = Data::new();
    let mut up = Some(Up::start(&data, &["--slots", "2"]));
    enter(&data);
    let mut dice = Dice(7);
    let mut killed = [0; VICTIMS.len()];
    // Nobody twice before everybody once.
    let mut bag = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < CHAOS {
        std::thread::sleep(Duration::from_millis(700 + dice.roll(1800)));
        if bag.is_empty() {
            bag = (0..VICTIMS.len()).collect();
        }
        let victim = bag.swap_remove(dice.roll(bag.len() as u64) as usize);
        match VICTIMS[victim] {
            "gauntlet" => {
                if let Some(up) = up.take() {
                    up.kill();
                    killed[victim] += 1;
                }
            }
            program => {
                // A worker lives for one phase of a run: there may be none this instant. Of
                // others the first is the one that started the rest: with it all of them end.
                let find = || match program {
                    "gauntlet-worker" => data.workers().pop_first(),
                    program => data.processes(program).pop_first(),
                };
                let found = (0..100).find_map(|_| {
                    find().or_else(|| {
                        std::thread::sleep(Duration::from_millis(20));
                        None
                    })
                });
                if let Some(pid) = found {
                    // It may have ended by itself meanwhile.
                    killed[victim] += u32::from(kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
                }
            }
        }
        // Without its database an orchestrator ends or goes on; here it is started anew.
        let gone = VICTIMS[victim] == "postgres" || up.as_mut().is_none_or(|up| !up.is_running());
        if gone {
            if let Some(up) = up.take() {
                up.kill();
            }
            for program in ["gauntlet-runner", "gauntlet-worker", "postgres"] {
                data.await_end_of(program, Duration::from_secs(120));
            }
            up = Some(Up::start(&data, &["--slots", "2"]));
        }
        if repaired(&data)["state"] == "completed" {
            break;
        }
    }
    // A runner whose workers were killed all the time is set aside, the longer the more often: for
    // longer than anybody waits here. Started anew it gets its chance at once, as its operator knows.
    if let Some(pid) = data.processes("gauntlet-runner").pop_first() {
        let _ended_by_itself = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    // What was cut off last may have been cut off too often.
    eventually(PATIENCE, "the tournament ends", || {
        (repaired(&data)["state"] == "completed").then_some(())
    });
    let disturbed = outcome(&data);
    let again = show(&data);
    let attempts: i64 = cells(&again)
        .iter()
        .map(|cell| cell["attempt"].as_i64().unwrap())
        .sum();
    eprintln!("killed {VICTIMS:?} {killed:?} times; {attempts} attempts");
    // A tournament lasts longer than the first kills: each kind was among them.
    assert!(
        killed.iter().all(|times| *times > 0),
        "{killed:?}: it was over too soon"
    );
    drop(up);
    check(&disturbed);
    assert_eq!(disturbed, undisturbed());
}
