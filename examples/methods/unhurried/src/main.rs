//! The method as a program: `train` and `predict` of the file contract.

use unhurried::Unhurried;

gauntlet_method::main!(Unhurried);
