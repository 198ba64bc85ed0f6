//! All SQL, and the content-addressed blob store.

pub mod views;
