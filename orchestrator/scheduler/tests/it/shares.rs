//! Shares of the runners' time: between organisers, between tournaments, by weight and
//! priority, whichever orchestrator leases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use gauntlet_domain::AccountId;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::{Rules, Share};
use gauntlet_scheduler::Context;
use gauntlet_scheduler::commands::claim::{Claim, LeaseRequest, claim_for};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::pause::{pause, resume};
use gauntlet_scheduler::commands::share::{ShareChange, set_share};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::loops::advance_rounds;

use crate::dice::Dice;
use crate::support::{Platform, completed, name, nth, reason, token};

/// Everybody on so many blocks.
fn all_on(blocks: u32) -> Rules {
    serde_json::from_str(&format!(r#"{{"format":"round_robin","blocks":{blocks}}}"#)).unwrap()
}

fn share(priority: i16, weight: i16) -> Share {
    Share { priority, weight }
}

impl Platform {
    /// A tournament of `field` methods on so many blocks each, its runs queued.
    async fn with_share(
        &self,
        tournament: &str,
        organiser: Option<AccountId>,
        share: Share,
        (field, blocks): (usize, u32),
    ) {
        let new = NewTournament {
            name: name(tournament),
            task: "digits".parse().unwrap(),
            more_tasks: vec![],
            rules: all_on(blocks),
            phrase: Some("7".to_owned()),
            share,
            organiser,
            private: false,
        };
        create_tournament(&self.ctx, new).await.unwrap();
        open_tournament(&self.ctx, &name(tournament)).await.unwrap();
        for nth in 0..field {
            self.enter(tournament, &format!("m{nth}")).await.unwrap();
        }
        close_tournament(&self.ctx, &name(tournament))
            .await
            .unwrap();
        advance_rounds::once(&self.ctx).await.unwrap();
    }

    async fn organiser(&self, nth: u8) -> Option<AccountId> {
        let token = ensure_token(&self.ctx, &token("admin", nth), Scope::Admin, "")
            .await
            .unwrap();
        // Its account has the same id.
        Some(AccountId(token.0))
    }

    /// As many leases as there are, at most `most`, one asked for after the other; how many
    /// each tournament got.
    async fn leases(&self, ctx: &Context, most: usize) -> BTreeMap<String, usize> {
        let mut got = BTreeMap::new();
        for _ in 0..most {
            let Some(claim) = self.ask(ctx, 1).await.pop() else {
                break;
            };
            *got.entry(claim.work.tournament.to_string()).or_default() += 1;
        }
        got
    }

    async fn ask(&self, ctx: &Context, most: usize) -> Vec<Claim> {
        let ask = LeaseRequest {
            runner: self.runner,
            most,
        };
        claim_for(ctx, &[ask], &[Lane::Wasm])
            .await
            .unwrap()
            .remove(0)
    }
}

fn counts(got: &BTreeMap<String, usize>, names: &[&str]) -> Vec<usize> {
    let count = |name: &&str| got.get(*name).copied().unwrap_or_default();
    names.iter().map(count).collect()
}

/// Where a two-run tournament stands that is opened beside a round of sixty runs, counted in
/// leases from its opening on: its second run is the n-th.
async fn second_run_beside_a_big_round(slots: usize, own_organiser: bool) -> (usize, f64) {
    let platform = Platform::new().await;
    let (one, other) = (platform.organiser(1).await, platform.organiser(2).await);
    platform
        .with_share("big", one, Share::default(), (10, 6))
        .await;
    let mut dice = Dice::new(slots as u64);
    let mut lengths = Vec::new();
    // A fleet of so many slots; each is free again when its run's (simulated) time is over.
    let mut running: Vec<(u64, Claim)> = Vec::new();
    let mut now = 0;
    let (mut leases, mut small) = (0, 0);
    loop {
        if lengths.len() >= 10 && leases == 0 && small == 0 {
            let organiser = if own_organiser { other } else { one };
            platform
                .with_share("small", organiser, Share::default(), (2, 1))
                .await;
            small = 2;
        }
        for claim in platform.ask(&platform.ctx, slots - running.len()).await {
            let length = 5 + dice.roll(11);
            lengths.push(length as f64);
            leases += usize::from(small > 0);
            if claim.work.tournament.as_str() == "small" {
                small -= 1;
                if small == 0 {
                    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
                    return (leases, mean);
                }
            }
            running.push((now + length, claim));
        }
        running.sort_by_key(|(end, _)| *end);
        let (end, claim) = running.remove(0);
        now = end;
        platform
            .report(&claim, completed(nth(&claim) / 10.0))
            .await
            .unwrap();
    }
}

/// The fleet is never idle while runs are queued, so n leases take it n times the mean length
/// over its slots. A fair share for two tournaments is every other lease: two in four.
#[tokio::test]
async fn outside_figure_a_small_tournament_is_not_starved_by_a_big_round() {
    let (mut starved, mut fair) = (0_f64, 0_f64);
    for (slots, own_organiser) in [(1, false), (4, false), (4, true)] {
        let (nth, mean) = second_run_beside_a_big_round(slots, own_organiser).await;
        let second = mean / slots as f64;
        assert!(nth <= 4, "{slots} slots: its second run came {nth}th");
        if nth as f64 * second >= starved {
            (starved, fair) = (nth as f64 * second, 4.0 * second);
        }
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures/outside");
    std::fs::create_dir_all(&folder).unwrap();
    let mut lines = String::new();
    writeln!(lines, "starved_small_tournament_s {starved:.3}").unwrap();
    writeln!(lines, "starved_small_tournament_fair_s {fair:.3}").unwrap();
    std::fs::write(folder.join("shares"), lines).unwrap();
    assert!(starved <= fair, "{starved} s instead of {fair} s");
}

#[tokio::test]
async fn leases_follow_the_weights_and_nobody_starves() {
    let mut dice = Dice::new(11);
    for _ in 0..8 {
        let platform = Platform::new().await;
        let others = platform.another().await;
        let weights: Vec<i16> = (0..2 + dice.index(3))
            .map(|_| 1 + dice.index(6) as i16)
            .collect();
        let total: i16 = weights.iter().sum();
        let names: Vec<String> = (0..weights.len()).map(|nth| format!("t{nth}")).collect();
        // Every organiser has a part, however many tournaments it has: the first has all but the
        // last of them.
        let (one, other) = (platform.organiser(1).await, platform.organiser(2).await);
        let own = dice.once_in(2);
        let last = weights.len() - 1;
        for (nth, weight) in weights.iter().enumerate() {
            let organiser = if own && nth == last { other } else { one };
            platform
                .with_share(&names[nth], organiser, share(0, *weight), (10, 8))
                .await;
        }
        let first_total = f64::from(total - weights[last]);
        let part = |nth: usize| match (own, nth == last) {
            (false, _) => f64::from(weights[nth]) / f64::from(total),
            (true, true) => 0.5,
            (true, false) => f64::from(weights[nth]) / first_total / 2.0,
        };
        // While all have runs: none is further from its part than one lease of everybody.
        let mut got: BTreeMap<String, usize> = BTreeMap::new();
        for leased in 1..=60_u32 {
            let ctx = if dice.once_in(2) {
                &others
            } else {
                &platform.ctx
            };
            let mut claims = platform.ask(ctx, 1).await;
            let claim = claims.pop().expect("work-conserving");
            *got.entry(claim.work.tournament.to_string()).or_default() += 1;
            for (nth, name) in names.iter().enumerate() {
                let found = got.get(name).copied().unwrap_or_default() as f64;
                let wanted = part(nth) * f64::from(leased);
                let most = 2.0 + weights.len() as f64;
                assert!(
                    (found - wanted).abs() <= most,
                    "{name} of {weights:?} (own organiser: {own}) got {found} of {leased}, not {wanted}"
                );
            }
        }
        // Work-conserving: until the last run of the last of them.
        let rest = platform.leases(&others, 1000).await;
        let all: usize = got.values().chain(rest.values()).sum();
        assert_eq!(all, 80 * weights.len());
        for name in &names {
            platform.check(name).await;
        }
    }
}

#[tokio::test]
async fn slots_asked_for_at_once_are_shared_at_once() {
    let platform = Platform::new().await;
    platform
        .with_share("heavy", None, share(0, 3), (10, 4))
        .await;
    platform
        .with_share("light", None, share(0, 1), (10, 4))
        .await;
    let claims = platform.ask(&platform.ctx, 16).await;
    let heavy = claims
        .iter()
        .filter(|claim| claim.work.tournament.as_str() == "heavy");
    assert_eq!(claims.len(), 16);
    assert_eq!(heavy.count(), 12);
    // Neither has more than its runs: the rest is the other's.
    let rest = platform.ask(&platform.ctx, 64).await;
    assert_eq!(rest.len(), 64);
}

#[tokio::test]
async fn a_higher_priority_goes_first_and_what_it_leaves_is_not_lost() {
    let platform = Platform::new().await;
    let (one, other) = (platform.organiser(1).await, platform.organiser(2).await);
    platform.with_share("low", one, share(-1, 9), (3, 2)).await;
    platform.with_share("usual", one, share(0, 1), (3, 2)).await;
    platform
        .with_share("high", other, share(5, 1), (3, 1))
        .await;
    let names = ["high", "usual", "low"];
    let got = platform.leases(&platform.ctx, 3).await;
    assert_eq!(counts(&got, &names), [3, 0, 0]);
    let got = platform.leases(&platform.ctx, 6).await;
    assert_eq!(counts(&got, &names), [0, 6, 0]);
    let got = platform.leases(&platform.ctx, 100).await;
    assert_eq!(counts(&got, &names), [0, 0, 6]);
}

#[tokio::test]
async fn who_asked_for_nothing_is_owed_nothing() {
    let platform = Platform::new().await;
    let ctx = &platform.ctx;
    platform.with_share("one", None, share(0, 1), (10, 6)).await;
    platform.with_share("two", None, share(0, 1), (10, 6)).await;
    pause(ctx, &name("two"), "the data are looked at")
        .await
        .unwrap();
    platform.leases(ctx, 20).await;
    resume(ctx, &name("two")).await.unwrap();
    let got = platform.leases(ctx, 21).await;
    assert_eq!(counts(&got, &["one", "two"]), [10, 11]);
}

#[tokio::test]
async fn a_share_changes_while_it_is_played_and_the_record_says_so() {
    let platform = Platform::new().await;
    let ctx = &platform.ctx;
    platform.with_share("one", None, share(0, 2), (10, 6)).await;
    platform.with_share("two", None, share(0, 1), (10, 6)).await;
    let change = |priority, weight| ShareChange { priority, weight };
    let (one, two) = (name("one"), name("two"));
    set_share(ctx, &two, change(None, Some(6)), "the title's round")
        .await
        .unwrap();
    let got = platform.leases(ctx, 24).await;
    assert_eq!(counts(&got, &["one", "two"]), [6, 18]);
    set_share(ctx, &one, change(Some(1), None), "in a hurry")
        .await
        .unwrap();
    let got = platform.leases(ctx, 10).await;
    assert_eq!(counts(&got, &["one", "two"]), [10, 0]);
    // Back again it is neither owed the time nor has it to make up for it.
    set_share(ctx, &one, change(Some(0), Some(6)), "no hurry")
        .await
        .unwrap();
    let got = platform.leases(ctx, 21).await;
    assert_eq!(counts(&got, &["one", "two"]), [11, 10]);
    assert_eq!(platform.view("one").await.share, share(0, 6));

    let shares = |record: Vec<Event>| -> Vec<(Share, Option<String>)> {
        let of = |event| match event {
            Event::ShareSet { share, reason } => Some((share, reason)),
            _ => None,
        };
        record.into_iter().filter_map(of).collect()
    };
    let said = |reason: &str| Some(reason.to_owned());
    assert_eq!(
        shares(platform.record("one").await),
        [
            (share(0, 2), None),
            (share(1, 2), said("in a hurry")),
            (share(0, 6), said("no hurry"))
        ]
    );
    assert_eq!(
        shares(platform.record("two").await),
        [(share(0, 6), said("the title's round"))]
    );
    platform.check("one").await;

    // Nothing to change is no event; out of range is refused by name.
    let before = platform.record("two").await.len();
    set_share(ctx, &two, change(None, Some(6)), "again")
        .await
        .unwrap();
    assert_eq!(platform.record("two").await.len(), before);
    for (wrong, field) in [
        (change(Some(11), None), "body.priority"),
        (change(None, Some(0)), "body.weight"),
    ] {
        let refused = reason(set_share(ctx, &two, wrong, "too much").await);
        assert_eq!(refused.field.as_deref(), Some(field));
    }
}
