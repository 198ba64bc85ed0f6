//! What people see: tables, cards, progress. Nothing here talks to a server.

pub(crate) mod archive;
pub(crate) mod cuts;
pub(crate) mod data_report;
pub(crate) mod fit;
pub(crate) mod image_check;
pub(crate) mod lists;
pub(crate) mod method_run;
pub(crate) mod module_check;
pub(crate) mod plan_report;
pub(crate) mod progress;
pub(crate) mod ratings;
pub(crate) mod series;
pub(crate) mod standings;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod tournament;
pub(crate) mod verdicts;
