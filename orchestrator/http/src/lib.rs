//! The HTTP API, the runner API and the pages.

mod routes;
