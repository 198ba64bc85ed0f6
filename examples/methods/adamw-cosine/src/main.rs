//! The method as a program: `train` and `predict` of the file contract.

use adamw_cosine::AdamWCosine;

gauntlet_method::main!(AdamWCosine);
