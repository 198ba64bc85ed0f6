//! Whether a method would be let in, by the checks that the server makes.

pub mod image;
pub mod module;
