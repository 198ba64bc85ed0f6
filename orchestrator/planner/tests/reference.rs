//! Figures that were worked out elsewhere, and the budgets' targets.

use gauntlet_planner::{Estimate, Model, Opening, Plan, Price, Racing, Schedule, World, simulate};

const SEED: [u8; 32] = [11; 32];
const PRICE: Price = Price {
    hours_per_run: 0.25,
    per_gpu_hour: 2.0,
};

fn estimate(schedule: Schedule, replications: u64) -> Estimate {
    simulate(
        &schedule,
        &Model::default(),
        &PRICE,
        SEED,
        replications,
        &|_| (),
    )
    .expect("a sound model and schedule")
}

/// The figures of the design, from another simulation of about 2000 tournaments
/// whose own error is therefore up to .011: four errors of the difference are allowed.
#[test]
fn the_designs_figures_come_out() {
    let halving = |budget, shared| Schedule::Halving { budget, shared };
    for (schedule, runs, p_best) in [
        (Schedule::Knockout { blocks: 1 }, 62.0, 0.38),
        (Schedule::Groups { groups: 4, last: 6 }, 56.0, 0.47),
        (halving(80, true), 80.0, 0.65),
        (halving(160, true), 160.0, 0.77),
        (halving(320, true), 320.0, 0.83),
        (halving(320, false), 320.0, 0.60),
        (
            Schedule::Everyone {
                blocks: 10,
                shared: true,
            },
            320.0,
            0.68,
        ),
    ] {
        let found = estimate(schedule, 4000);
        assert_eq!(found.runs, runs, "{}", found.name);
        let other = (p_best * (1.0 - p_best) / 2000.0_f64).sqrt();
        let error = found.p_best_se.hypot(other);
        assert!(
            (found.p_best - p_best).abs() < 4.0 * error,
            "{}: {} ± {}, not {p_best}",
            found.name,
            found.p_best,
            found.p_best_se
        );
    }
}

/// What `docs/FORMATS.md` says of racing, from 20 000 tournaments; within four errors.
#[test]
fn racing_does_what_the_table_says() {
    for (schedule, p_best) in [
        (Racing::new(56), 0.632),
        (Racing::new(80), 0.702),
        (Racing::new(160), 0.800),
        (Racing::new(56).whole(), 0.589),
        (Racing::new(80).whole(), 0.680),
        (Racing::new(160).whole(), 0.796),
        (Racing::new(56).with_stops(), 0.635),
        (Racing::new(80).with_stops(), 0.706),
        (Racing::new(160).with_stops(), 0.808),
    ] {
        let found = estimate(Schedule::Racing(schedule), 1500);
        assert!(found.runs <= schedule.budget as f64);
        assert!(
            (found.p_best - p_best).abs() < 4.0 * found.p_best_se,
            "{}: {} ± {}, not {p_best}",
            found.name,
            found.p_best,
            found.p_best_se
        );
    }
}

#[test]
fn racing_beats_what_forgets() {
    let racing = estimate(Schedule::Racing(Racing::new(56)), 1500);
    let groups = estimate(Schedule::Groups { groups: 4, last: 6 }, 1500);
    let gain = racing.p_best - groups.p_best;
    assert!(
        gain > 4.0 * racing.p_best_se.hypot(groups.p_best_se),
        "{gain}"
    );
    assert!(racing.regret < groups.regret);
}

#[test]
fn threads_and_calls_do_not_show() {
    let schedule = Schedule::Racing(Racing {
        opening: Opening::Halfway { finish: 6 },
        ..Racing::new(60)
    });
    let on = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
            .install(|| estimate(schedule, 100))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_plan_compares_all_formats_within_the_budget() {
    let plan = Plan {
        model: Model {
            field: 8,
            ..Model::default()
        },
        budgets: vec![24, 60],
        price: PRICE,
        replications: 40,
        seed: SEED,
    };
    let heard = std::sync::Mutex::new(Vec::new());
    let estimates = plan
        .estimates(&|done, all| heard.lock().expect("no panic").push((done, all)))
        .expect("a sound plan");
    let heard = heard.into_inner().expect("no panic");
    let all = 40 * plan.schedules().len() as u64;
    assert!(heard.iter().all(|(done, of)| *of == all && *done <= all));
    assert!(heard.contains(&(all, all)));
    for found in &estimates {
        assert!(found.runs <= 60.0, "{}: {}", found.name, found.runs);
        assert!((0.0..=1.0).contains(&found.p_best) && found.regret >= 0.0);
        assert_eq!(found.gpu_hours, found.runs * 0.25);
        assert_eq!(found.cost, found.gpu_hours * 2.0);
        let text = serde_json::to_string(found).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Estimate>(&text)
                .expect("its own")
                .name,
            found.name
        );
    }
    let formats = |name: &str| estimates.iter().any(|found| found.name.starts_with(name));
    for name in [
        "knockout",
        "1 groups",
        "halving",
        "everyone",
        "swiss",
        "round robin",
        "racing",
    ] {
        assert!(formats(name), "{name}");
    }
}

#[test]
fn odd_fields_are_played_too() {
    for (field, budget) in [(2, 16), (3, 36), (5, 100), (7, 196), (33, 120)] {
        let model = Model {
            field,
            ..Model::default()
        };
        for schedule in Schedule::within(budget, &model) {
            let mut world = World::new(&model, SEED, 0);
            assert!(schedule.play(&mut world) < field, "{schedule}");
            assert!(world.runs() <= budget as f64, "{schedule}");
        }
    }
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let model = Model::default();
    let refused = |schedule: Schedule, model: Model, replications| {
        simulate(&schedule, &model, &PRICE, SEED, replications, &|_| ()).is_err()
    };
    let one = Schedule::Knockout { blocks: 1 };
    assert!(refused(one, Model { field: 1, ..model }, 10));
    assert!(refused(
        one,
        Model {
            quality_sd: 0.0,
            ..model
        },
        10
    ));
    assert!(refused(
        one,
        Model {
            difficulty_sd: f64::NAN,
            ..model
        },
        10
    ));
    assert!(refused(one, model, 0));
    assert!(refused(Schedule::Knockout { blocks: 0 }, model, 10));
    assert!(!refused(one, model, 1));
}

#[test]
fn money_buys_runs() {
    assert_eq!(PRICE.runs(14.0), 56);
    let tenth = Price {
        hours_per_run: 0.1,
        ..PRICE
    };
    assert_eq!(tenth.runs(0.3), 3);
    assert_eq!(tenth.runs(0.0), 0);
}
