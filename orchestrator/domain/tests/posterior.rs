//! The posterior against Bayesian linear regression done the long way, and what
//! it must not depend on.

use gauntlet_domain::statistics::{Allocation, Belief, Normals, Posterior, Reading, Spread};
use proptest::prelude::*;

type Matrix = Vec<Vec<f64>>;

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter()
        .map(|row| {
            (0..b[0].len())
                .map(|j| row.iter().zip(b).map(|(x, other)| x * other[j]).sum())
                .collect()
        })
        .collect()
}

fn transposed(a: &Matrix) -> Matrix {
    (0..a[0].len())
        .map(|j| a.iter().map(|row| row[j]).collect())
        .collect()
}

fn difference(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.iter().zip(b).map(|(x, y)| x - y).collect())
        .collect()
}

/// Gauss and Jordan, with pivoting.
fn inverse(a: &Matrix) -> Matrix {
    let n = a.len();
    let mut work: Matrix = (0..n)
        .map(|i| {
            let mut row = a[i].clone();
            row.extend((0..n).map(|j| if i == j { 1.0 } else { 0.0 }));
            row
        })
        .collect();
    for k in 0..n {
        let pivot = (k..n)
            .max_by(|&i, &j| work[i][k].abs().total_cmp(&work[j][k].abs()))
            .expect("a square matrix");
        work.swap(k, pivot);
        let head = work[k][k];
        for value in &mut work[k] {
            *value /= head;
        }
        let row = work[k].clone();
        for (i, other) in work.iter_mut().enumerate() {
            if i != k {
                let factor = other[k];
                for (value, taken) in other.iter_mut().zip(&row) {
                    *value -= factor * taken;
                }
            }
        }
    }
    work.into_iter().map(|row| row[n..].to_vec()).collect()
}

/// Means and covariance from the full covariance of the readings:
/// V = σq² ZZᵀ + noise, P = V⁻¹ − V⁻¹X(XᵀV⁻¹X)⁻¹XᵀV⁻¹, mean σq² ZᵀPy,
/// covariance σq² I − σq⁴ ZᵀPZ.
fn by_regression(methods: usize, readings: &[Reading], sds: [f64; 3]) -> (Vec<f64>, Matrix) {
    let [quality, noise, halfway] = sds.map(|sd| sd * sd);
    let mut effects: Vec<(usize, bool)> = readings.iter().map(|r| (r.block, r.halfway)).collect();
    effects.sort_unstable();
    effects.dedup();
    let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
    let z: Matrix = readings
        .iter()
        .map(|r| (0..methods).map(|i| flag(r.method == i)).collect())
        .collect();
    let x: Matrix = readings
        .iter()
        .map(|r| {
            effects
                .iter()
                .map(|e| flag(*e == (r.block, r.halfway)))
                .collect()
        })
        .collect();
    let v: Matrix = readings
        .iter()
        .map(|a| {
            readings
                .iter()
                .map(|b| {
                    let own = quality * flag(a.method == b.method);
                    let run = noise * flag(a.method == b.method && a.block == b.block);
                    own + run + halfway * flag(a == b && a.halfway)
                })
                .collect()
        })
        .collect();
    let inverse_v = inverse(&v);
    let vx = product(&inverse_v, &x);
    let middle = inverse(&product(&transposed(&x), &vx));
    let p = difference(
        &inverse_v,
        &product(&product(&vx, &middle), &transposed(&vx)),
    );
    let y: Matrix = readings.iter().map(|r| vec![r.score]).collect();
    let zp = product(&transposed(&z), &p);
    let mean = product(&zp, &y)
        .iter()
        .map(|row| quality * row[0])
        .collect();
    let explained = product(&zp, &z);
    let covariance = (0..methods)
        .map(|i| {
            (0..methods)
                .map(|j| quality * flag(i == j) - quality * quality * explained[i][j])
                .collect()
        })
        .collect();
    (mean, covariance)
}

fn reading(method: usize, block: usize, score: f64) -> Reading {
    Reading {
        method,
        block,
        score,
        halfway: false,
    }
}

/// For each of 5 methods and 4 blocks: not run, run, stopped half-way, or run
/// with its half-way score kept; and two scores.
fn readings() -> impl Strategy<Value = Vec<Reading>> {
    prop::collection::vec((0_u8..4, -3.0_f64..3.0, -3.0_f64..3.0), 20).prop_map(|cells| {
        let mut readings = Vec::new();
        for (at, (what, end, half)) in cells.into_iter().enumerate() {
            let (method, block) = (at / 4, at % 4);
            if what == 1 || what == 3 {
                readings.push(reading(method, block, end));
            }
            if what >= 2 {
                readings.push(Reading {
                    halfway: true,
                    ..reading(method, block, half)
                });
            }
        }
        readings
    })
}

fn spread() -> Spread {
    Spread::new(1.5, 1.0, 0.8).expect("positive numbers")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-8 * (1.0 + a.abs())
}

proptest! {
    #[test]
    fn it_is_bayesian_linear_regression(readings in readings()) {
        prop_assume!(!readings.is_empty());
        let (mean, covariance) = by_regression(5, &readings, [1.5, 1.0, 0.8]);
        let posterior = Posterior::new(5, &readings, &spread());
        for i in 0..5 {
            prop_assert!(near(mean[i], posterior.means()[i]), "{mean:?} {:?}", posterior.means());
            for j in 0..5 {
                prop_assert!(near(covariance[i][j], posterior.covariance(i, j)));
                let variance = covariance[i][i] + covariance[j][j] - 2.0 * covariance[i][j];
                prop_assert!(near(variance, posterior.difference_variance(i, j)));
            }
        }
    }

    #[test]
    fn a_harder_block_changes_nothing(readings in readings(), block in 0_usize..4, shift in -1e4_f64..1e4) {
        let moved: Vec<Reading> = readings
            .iter()
            .map(|r| if r.block == block { Reading { score: r.score + shift, ..*r } } else { *r })
            .collect();
        let (before, after) = (
            Posterior::new(5, &readings, &spread()),
            Posterior::new(5, &moved, &spread()),
        );
        for i in 0..5 {
            prop_assert!((before.means()[i] - after.means()[i]).abs() < 1e-7);
        }
        prop_assert_eq!(before.covariance(0, 1), after.covariance(0, 1));
    }

    #[test]
    fn the_order_of_readings_does_not_matter_to_the_bit(mut readings in readings(), left in 0_usize..9) {
        let before = Posterior::new(5, &readings, &spread());
        let rules = Allocation { batch: 3, ..Allocation::default() };
        let runs = rules.next_runs(5, &readings, &spread(), left);
        let estimate = Spread::estimate(5, &readings, 0.5);
        readings.reverse();
        let after = Posterior::new(5, &readings, &spread());
        prop_assert_eq!(before.means(), after.means());
        prop_assert_eq!(before.p_best([3; 32], 50), after.p_best([3; 32], 50));
        prop_assert_eq!(runs, rules.next_runs(5, &readings, &spread(), left));
        prop_assert_eq!(estimate, Spread::estimate(5, &readings, 0.5));
    }

    #[test]
    fn renumbered_methods_keep_their_means(readings in readings()) {
        let renumbered: Vec<Reading> = readings
            .iter()
            .map(|r| Reading { method: 4 - r.method, ..*r })
            .collect();
        let (before, after) = (
            Posterior::new(5, &readings, &spread()),
            Posterior::new(5, &renumbered, &spread()),
        );
        for i in 0..5 {
            prop_assert!(near(before.means()[i], after.means()[4 - i]));
            prop_assert!(near(before.covariance(i, i), after.covariance(4 - i, 4 - i)));
        }
    }

    #[test]
    fn another_unit_changes_only_the_unit(readings in readings(), power in -20_i32..20) {
        // Powers of two scale without rounding.
        let unit = 2.0_f64.powi(power);
        let scaled: Vec<Reading> = readings
            .iter()
            .map(|r| Reading { score: r.score * unit, ..*r })
            .collect();
        let (one, other) = (
            Spread::estimate(5, &readings, 0.5),
            Spread::estimate(5, &scaled, 0.5),
        );
        // With nothing to estimate from, the unit is one.
        prop_assume!(one.quality_sd() != other.quality_sd() || power == 0);
        prop_assert_eq!(one.noise_ratio(), other.noise_ratio());
        prop_assert!(near(one.quality_sd(), other.quality_sd() / unit));
        let rules = Allocation::default();
        prop_assert_eq!(
            rules.next_runs(5, &readings, &one, 4),
            rules.next_runs(5, &scaled, &other, 4)
        );
    }

    #[test]
    fn next_runs_are_new_and_comparable(readings in readings(), left in 0_usize..20, batch in 1_usize..6) {
        let rules = Allocation { batch, ..Allocation::default() };
        let runs = rules.next_runs(5, &readings, &spread(), left);
        prop_assert!(runs.len() <= left.min(batch + 1));
        for (at, run) in runs.iter().enumerate() {
            prop_assert!(run.method < 5);
            let same = |r: &Reading| r.method == run.method && r.block == run.block;
            prop_assert!(!readings.iter().any(same));
            prop_assert!(!runs[..at].contains(run));
            // Never alone on a block.
            let company = readings.iter().any(|r| r.block == run.block && r.method != run.method)
                || runs.iter().any(|other| other.block == run.block && other.method != run.method);
            prop_assert!(company);
        }
        prop_assert_eq!(runs.is_empty(), left == 0 || (left == 1 && runs.is_empty()));
    }

    #[test]
    fn a_block_is_for_the_leader_and_others(readings in readings(), left in 0_usize..7) {
        let posterior = Posterior::new(5, &readings, &spread());
        let who = Allocation::default().next_block(&posterior, left);
        prop_assert!(who.len() <= left);
        prop_assert_eq!(who.is_empty(), left < 2);
        prop_assert!(who.is_empty() || who[0] == posterior.leader().unwrap());
        let mut once = who.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), who.len());
    }
}

#[test]
fn equals_share_and_the_first_leads() {
    let readings: Vec<Reading> = (0..4).map(|method| reading(method, 0, 0.5)).collect();
    let posterior = Posterior::new(4, &readings, &Spread::estimate(4, &readings, 0.5));
    assert_eq!(posterior.leader(), Some(0));
    assert_eq!(posterior.means(), [0.0; 4]);
    for share in posterior.p_best([1; 32], 20_000) {
        assert!((share - 0.25).abs() < 0.01, "{share}");
    }
    assert_eq!(
        Allocation::default().next_block(&posterior, 4),
        [0, 1, 2, 3]
    );
}

#[test]
fn nothing_is_decided_of_nobody() {
    let posterior = Posterior::new(0, &[], &spread());
    assert_eq!(posterior.leader(), None);
    assert!(posterior.p_best([0; 32], 10).is_empty());
    assert!(
        Allocation::default()
            .next_runs(0, &[], &spread(), 9)
            .is_empty()
    );
    assert!(
        Allocation::default()
            .next_runs(1, &[], &spread(), 9)
            .is_empty()
    );
}

#[test]
fn two_methods_worked_by_hand() {
    // σq = σe = 1, one block, scores 1 and 0: the difference has prior variance 2 and
    // reading variance 2, so its mean is 1/2 and its variance 1.
    let readings = [reading(0, 0, 1.0), reading(1, 0, 0.0)];
    let posterior = Posterior::new(2, &readings, &Spread::new(1.0, 1.0, 0.0).unwrap());
    assert!(near(posterior.means()[0], 0.25) && near(posterior.means()[1], -0.25));
    assert!(near(posterior.difference_variance(0, 1), 1.0));
    // Φ(1/2) = .69146.
    let shares = posterior.p_best([9; 32], 100_000);
    assert!((shares[0] - 0.69146).abs() < 0.005, "{shares:?}");
}

#[test]
fn spreads_out_of_range_are_refused() {
    for [quality, noise, halfway] in [
        [0.0, 1.0, 0.0],
        [1.0, 0.0, 0.0],
        [-1.0, 1.0, 0.0],
        [1.0, f64::NAN, 0.0],
        [1.0, 1.0, f64::INFINITY],
        [f64::MIN_POSITIVE, 1e300, 0.0],
    ] {
        assert_eq!(Spread::new(quality, noise, halfway), None);
    }
}

/// Scores of `methods` on `blocks` from the model.
fn scores(methods: usize, blocks: usize, [quality, noise]: [f64; 2], seed: u8) -> Vec<Reading> {
    let mut normals = Normals::new([seed; 32]);
    let qualities: Vec<f64> = (0..methods).map(|_| quality * normals.draw()).collect();
    let mut readings = Vec::new();
    for block in 0..blocks {
        let difficulty = 20.0 * normals.draw();
        for (method, own) in qualities.iter().enumerate() {
            readings.push(reading(
                method,
                block,
                own + difficulty + noise * normals.draw(),
            ));
        }
    }
    readings
}

#[test]
fn the_spread_is_found_in_a_large_layout() {
    for [quality, noise] in [[3.0, 3.0], [0.02, 0.04], [50.0, 12.5]] {
        let found = Spread::estimate(200, &scores(200, 10, [quality, noise], 4), 0.5);
        assert!(
            (found.quality_sd() / quality - 1.0).abs() < 0.25,
            "{found:?}"
        );
        assert!((found.noise_sd() / noise - 1.0).abs() < 0.25, "{found:?}");
    }
}

#[test]
fn one_block_is_taken_to_be_half_noise() {
    let found = Spread::estimate(100, &scores(100, 1, [1.0, 1.0], 5), 0.5);
    assert_eq!(found.noise_ratio(), 1.0);
    assert!((found.quality_sd() - 1.0).abs() < 0.2, "{found:?}");
}

#[test]
fn a_thousand_methods_do_not_hang() {
    let mut readings = scores(1000, 2, [1.0, 1.0], 6);
    readings.extend(
        scores(1000, 30, [1.0, 1.0], 7)
            .into_iter()
            .filter(|r| r.method < 40 && r.block >= 2),
    );
    let spread = Spread::estimate(1000, &readings, 0.5);
    let rules = Allocation {
        batch: 8,
        ..Allocation::default()
    };
    let runs = rules.next_runs(1000, &readings, &spread, 100);
    let posterior = Posterior::new(1000, &readings, &spread);
    let shares = posterior.p_best([0; 32], 500);
    assert!(runs.len() >= 8 && shares.iter().sum::<f64>() > 0.99);
    // Milliseconds with optimisation; if it hung, the test's own limit would end it.
}
