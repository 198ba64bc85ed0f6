//! Tasks of a person's own data, in every format that is read: what is found out, how it
//! is encoded, and what is refused.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

mod as_downloaded;
mod formats;
mod images;
mod parquet;
mod readers;
mod support;
mod tables;
