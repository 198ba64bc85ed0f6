//! Makes a failing history small: steps are left out for as long as it still fails.

use super::plan::Plan;
use super::play;
use super::world::World;

/// Attempts at most: each needs a database of its own.
const ATTEMPTS: u32 = 150;

/// The smallest found, and how it fails.
pub(crate) async fn shrink(mut plan: Plan, mut why: String) -> (Plan, String) {
    let mut attempts = 0;
    let mut size = plan.steps.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < plan.steps.len() {
            attempts += 1;
            if attempts > ATTEMPTS {
                return (plan, why);
            }
            let mut smaller = plan.clone();
            let end = (at + size).min(smaller.steps.len());
            smaller.steps.drain(at..end);
            let mut world = World::new().await;
            match play(&mut world, &smaller, 0).await {
                Ok(_) => at = end,
                Err(still) => {
                    plan = smaller;
                    why = still;
                }
            }
        }
        size /= 2;
    }
    (plan, why)
}
