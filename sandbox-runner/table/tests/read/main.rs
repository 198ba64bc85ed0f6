//! Files as people have them: what each is found out to be, its first values, or why it is refused.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may fail as the test does"
)]

mod corpus;
mod made;
mod support;
