//! Which methods are put together, and how much each says.
//!
//! Greedy selection with replacement on predictions for rows that were held out (R. Caruana and
//! others, "Ensemble Selection from Libraries of Models", 2004): the member that helps most is added
//! again and again, and the best of the mixtures on the way is kept.

use crate::metric::{Metric, Truth};

/// So many are added.
const ROUNDS: usize = 25;

/// Weights of the members, which sum to 1, for the least loss of their weighted mean.
/// `members` are their predictions for the rows of `truth`. The first mixture is the best single
/// member, so none is chosen that is worse; of equals the first is taken.
#[must_use]
pub(crate) fn select(
    metric: Metric,
    truth: Truth<'_>,
    members: &[&[f64]],
    width: usize,
) -> Vec<f64> {
    let mut counts = vec![0_u32; members.len()];
    let mut sum = vec![0.0; members.first().map_or(0, |member| member.len())];
    let mut best = (f64::INFINITY, counts.clone());
    for round in 1..=ROUNDS {
        let scale = 1.0 / round as f64;
        let mut found: Option<(f64, usize)> = None;
        for (nth, member) in members.iter().enumerate() {
            let mixed: Vec<f64> = sum
                .iter()
                .zip(*member)
                .map(|(sum, one)| (sum + one) * scale)
                .collect();
            let loss = metric.loss(truth, &mixed, width);
            if found.is_none_or(|(least, _)| loss < least) {
                found = Some((loss, nth));
            }
        }
        let Some((loss, nth)) = found else {
            break;
        };
        counts[nth] += 1;
        sum.iter_mut()
            .zip(members[nth])
            .for_each(|(sum, one)| *sum += one);
        if loss < best.0 {
            best = (loss, counts.clone());
        }
    }
    let all: u32 = best.1.iter().sum();
    best.1
        .into_iter()
        .map(|count| f64::from(count) / f64::from(all.max(1)))
        .collect()
}

/// The weighted mean of the members' predictions.
#[must_use]
pub(crate) fn mix(members: &[&[f64]], weights: &[f64]) -> Vec<f64> {
    let mut mixed = vec![0.0; members.first().map_or(0, |member| member.len())];
    for (member, weight) in members.iter().zip(weights) {
        mixed
            .iter_mut()
            .zip(*member)
            .for_each(|(sum, one)| *sum += weight * one);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_whose_faults_cancel_are_put_together() {
        let truth = [1.0, 2.0, 3.0, 4.0];
        let (high, low) = ([2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 2.0, 3.0]);
        let far = [9.0, 9.0, 9.0, 9.0];
        let weights = select(
            Metric::Rmse,
            Truth::Numbers(&truth),
            &[&far, &high, &low],
            1,
        );
        assert_eq!(weights, [0.0, 0.5, 0.5]);
        assert_eq!(mix(&[&far, &high, &low], &weights), truth);
    }

    proptest! {
        #[test]
        fn no_mixture_is_worse_than_the_best_member(
            truth in proptest::collection::vec(-5.0..5.0, 5),
            members in proptest::collection::vec(proptest::collection::vec(-5.0..5.0, 5), 1..6),
        ) {
            let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
            let truth = Truth::Numbers(&truth);
            let weights = select(Metric::Rmse, truth, &members, 1);
            prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let loss = |said: &[f64]| Metric::Rmse.loss(truth, said, 1);
            let mixed = loss(&mix(&members, &weights));
            for member in &members {
                prop_assert!(mixed <= loss(member) + 1e-9);
            }
        }
    }
}
