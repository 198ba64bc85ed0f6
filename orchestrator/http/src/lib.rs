//! The HTTP API, the runner API and the pages.

#![expect(dead_code)]
mod card;
mod convert;
mod error;
mod extract;
mod headers;
mod pages;
mod routes;
