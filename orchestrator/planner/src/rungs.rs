//! Formats in which all survivors run alike.

use crate::World;

/// The better `keep` of `alive` by `sums`, best first.
fn better(mut alive: Vec<usize>, sums: &[f64], keep: usize) -> Vec<usize> {
    alive.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
    alive.truncate(keep);
    alive
}

/// Successive halving over L = ⌈log2 n⌉ rungs: a rung has k = max(1, ⌊left/(n_r L_r)⌋) new
/// blocks for the n_r in it, `left` being the runs left and L_r the rungs left; the
/// better half goes on by the sum over all rungs so far. Without rounding this is
/// budget/(n_r L). A block that the budget no longer pays is not played, and the sums
/// so far decide.
pub(crate) fn halving(world: &mut World, budget: usize, shared: bool) -> usize {
    let field = world.field();
    let mut rungs = field.next_power_of_two().trailing_zeros() as usize;
    let mut sums = vec![0.0; field];
    let mut alive: Vec<usize> = (0..field).collect();
    let mut left = budget;
    let mut block = 0;
    while alive.len() > 1 {
        for _ in 0..(left / (alive.len() * rungs.max(1))).max(1) {
            // Everybody has to run once.
            if block > 0 && left < alive.len() {
                break;
            }
            for &method in &alive {
                sums[method] += if shared {
                    world.run(method, block)
                } else {
                    world.run_alone(method)
                };
            }
            block += 1;
            left = left.saturating_sub(alive.len());
        }
        rungs = rungs.saturating_sub(1);
        let keep = alive.len().div_ceil(2);
        alive = better(alive, &sums, keep);
    }
    alive[0]
}

/// Everyone on the same blocks; the highest sum wins.
pub(crate) fn everyone(world: &mut World, blocks: usize, shared: bool) -> usize {
    let field = world.field();
    let mut sums = vec![0.0; field];
    for block in 0..blocks {
        for (method, sum) in sums.iter_mut().enumerate() {
            *sum += if shared {
                world.run(method, block)
            } else {
                world.run_alone(method)
            };
        }
    }
    better((0..field).collect(), &sums, 1)[0]
}
