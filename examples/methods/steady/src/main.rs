//! The method as a program: `train` and `predict` of the file contract.

use steady::Steady;

gauntlet_method::main!(Steady);
