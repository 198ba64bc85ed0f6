//! Empty on purpose: this package exists for the features that its manifest names.
