//! The method as a program: `train` and `predict` of the file contract.

use sgd::Sgd;

gauntlet_method::main!(Sgd);
