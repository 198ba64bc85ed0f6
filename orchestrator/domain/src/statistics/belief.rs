//! What a choice of runs needs to know.

/// A Gaussian belief about the methods' qualities, and what it rests on.
/// [`Posterior`](crate::statistics::Posterior) is one; a simulation may keep a faster one.
pub trait Belief {
    /// Number of methods.
    fn methods(&self) -> usize;
    /// Mean of a method's quality.
    fn mean(&self, method: usize) -> f64;
    /// Variance of the difference of two qualities.
    fn difference_variance(&self, one: usize, other: usize) -> f64;
    /// Prior standard deviation of the qualities.
    fn quality_sd(&self) -> f64;
    /// How many runs of the method were finished.
    fn finished(&self, method: usize) -> usize;
    /// Keys of the blocks that somebody was started on, in ascending order.
    fn blocks(&self) -> Vec<usize>;
    /// Whether the method was started on the block.
    fn started(&self, method: usize, block: usize) -> bool;
    /// How much the variance of q_method − q_other would fall if `method` ran `block`,
    /// one of the existing; zero if nobody finished that.
    fn reduction(&self, method: usize, other: usize, block: usize) -> f64;

    /// The method with the highest mean; of equals the first.
    fn leader(&self) -> Option<usize> {
        (0..self.methods()).reduce(|best, next| {
            if self.mean(next) > self.mean(best) {
                next
            } else {
                best
            }
        })
    }
}
