//! A private PostgreSQL server from the distribution's binaries.
