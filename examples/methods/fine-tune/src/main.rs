//! The method as a program: `train` and `predict` of the file contract.

use fine_tune::FineTune;

gauntlet_method::main!(FineTune);
