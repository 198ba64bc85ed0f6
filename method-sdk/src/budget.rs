//! What is left of the budget, and how many steps that is.

/// What is left of the budget: an answer of [`Training::budget`](crate::Training::budget).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Budget {
    /// Used share, 0 to 1: the largest of all limits' shares.
    pub used: f64,
    /// Metered work used: FLOPs, bytes moved, and what the method has computed itself until
    /// this very call; `None` where nothing is metered
    /// (natively).
    pub work_used: Option<u64>,
    /// Metered work left; `None` where nothing is metered.
    pub work_left: Option<u64>,
    /// Training batches left, where their number is limited.
    pub batches_left: Option<u64>,
    /// About how many more steps fit, if they cost what steps have cost so far; `None`
    /// before the first step. The cost of a step is measured between the first call of
    /// [`Training::budget`](crate::Training::budget) and this one, or, at the first call
    /// itself, from the beginning. Leave room for what follows the loop.
    pub steps_left: Option<u64>,
}

/// What a host tells about its budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) used: f64,
    /// Used and allowed.
    pub(crate) work: Option<(u64, u64)>,
    pub(crate) batches_left: Option<u64>,
}

/// Estimates the cost of a step from readings at different steps.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// Step, work and used share at the first reading.
    first: Option<(u64, u64, f64)>,
}

impl Pace {
    /// The answer to a reading taken at a step.
    pub(crate) fn budget(&mut self, step: u64, reading: Reading) -> Budget {
        let work = reading.work.map_or(0, |(used, _)| used);
        let (step0, work0, used0) = *self.first.get_or_insert((step, work, reading.used));
        // At the first reading, everything so far counts.
        let (step0, work0, used0) = if step > step0 {
            (step0, work0, used0)
        } else {
            (0, 0, 0.0)
        };
        let steps = step - step0;
        let work_left = reading.work.map(|(used, most)| most.saturating_sub(used));
        let by_work = work_left
            .zip(work.checked_sub(work0))
            .and_then(|(left, cost)| {
                let steps = u128::from(left) * u128::from(steps) / u128::from(cost).max(1);
                (cost > 0).then(|| u64::try_from(steps).unwrap_or(u64::MAX))
            });
        // Natively there may be wall time alone, which only the share tells of.
        let by_share = || {
            let cost = reading.used - used0;
            // Six steps left may come out as 5.999…
            (cost > 0.0)
                .then(|| ((1.0 - reading.used).max(0.0) * steps as f64 / cost + 1e-6) as u64)
        };
        let known = match (by_work, reading.batches_left) {
            (Some(work), Some(batches)) => Some(work.min(batches)),
            (Some(steps), None) => Some(steps),
            (None, Some(batches)) => Some(by_share().map_or(batches, |steps| steps.min(batches))),
            (None, None) => by_share(),
        };
        Budget {
            used: reading.used,
            work_used: reading.work.map(|(used, _)| used),
            work_left,
            batches_left: reading.batches_left,
            steps_left: known.filter(|_| steps > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metered(used: u64, most: u64) -> Reading {
        Reading {
            used: used as f64 / most as f64,
            work: Some((used, most)),
            batches_left: None,
        }
    }

    #[test]
    fn a_step_costs_what_it_cost_between_two_readings() {
        let mut pace = Pace::default();
        // Setting up took 500 and is not charged to the steps that follow.
        assert_eq!(pace.budget(0, metered(500, 10_500)).steps_left, None);
        assert_eq!(pace.budget(10, metered(1_500, 10_500)).steps_left, Some(90));
        assert_eq!(pace.budget(50, metered(5_500, 10_500)).steps_left, Some(50));
        assert_eq!(
            pace.budget(100, metered(10_500, 10_500)).steps_left,
            Some(0)
        );
    }

    #[test]
    fn the_first_reading_counts_from_the_beginning() {
        let mut pace = Pace::default();
        let budget = pace.budget(4, metered(400, 1_000));
        assert_eq!((budget.work_left, budget.steps_left), (Some(600), Some(6)));
    }

    #[test]
    fn batches_bound_the_steps_too() {
        let mut pace = Pace::default();
        let reading = Reading {
            batches_left: Some(3),
            ..metered(400, 1_000_000)
        };
        assert_eq!(pace.budget(4, reading).steps_left, Some(3));
    }

    #[test]
    fn where_nothing_is_metered_the_share_tells() {
        let mut pace = Pace::default();
        let reading = |used| Reading {
            used,
            work: None,
            batches_left: None,
        };
        assert_eq!(pace.budget(0, reading(0.0)).steps_left, None);
        let budget = pace.budget(25, reading(0.25));
        assert_eq!((budget.work_left, budget.steps_left), (None, Some(75)));
    }

    #[test]
    fn numbers_beyond_all_measure_do_not_overflow() {
        let mut pace = Pace::default();
        let budget = pace.budget(u64::MAX, metered(1, u64::MAX));
        assert_eq!(budget.steps_left, Some(u64::MAX));
    }
}
