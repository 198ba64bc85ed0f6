//! Mathematics over plain numbers: what scores say about qualities, and which run would say
//! most. Knows no tournament; methods and blocks are indices.

mod allocation;
mod belief;
mod equations;
mod friedman;
mod holm;
mod layout;
mod normal;
mod p_best;
mod paired;
mod posterior;
mod profile;
mod sign_flip;
mod spread;

pub use allocation::{Allocation, NextRun};
pub use belief::Belief;
pub use friedman::friedman;
pub use holm::holm;
pub use layout::Reading;
pub use normal::Normals;
pub use paired::Paired;
pub use posterior::Posterior;
pub use profile::{profile_points, profile_score};
pub use sign_flip::one_sided_p_value;
pub use spread::Spread;
