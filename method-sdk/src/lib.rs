//! Write a training method in ordinary Burn code; run it natively or in the sandbox.
