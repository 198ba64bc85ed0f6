//! Task definitions, their data, and the scorers.
