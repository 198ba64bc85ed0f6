//! `gauntlet data`: what is in a table.

use std::path::{Path, PathBuf};

use gauntlet_fit::FitError;
use gauntlet_table::DataError;
use gauntlet_table::plan::{Plan, Profile, Report};
use gauntlet_table::read;

use super::table_arguments::{Columns, Reading};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::plan_report::{self, Inspected};

/// Rows that are read at a time.
const BATCH: usize = 16_384;

/// Tables of one's own.
#[derive(Debug, clap::Args)]
pub(crate) struct DataCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say what a table's columns are taken for and why, on one screen.
    Inspect(Box<Inspect>),
}

/// What to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = "Reads the whole file, some rows at a time, and asks no server.")]
struct Inspect {
    /// The table: CSV, TSV, JSON, Parquet, Arrow or a workbook, packed or not.
    table: PathBuf,
    /// Column to predict; several are a regression of several numbers.
    #[arg(long, value_name = "COLUMN", required = true)]
    target: Vec<String>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    reading: Reading,
    /// Print the plan instead, as a TOML file that says what each column is.
    #[arg(long)]
    plan: bool,
}

impl DataCommand {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let Action::Inspect(inspect) = self.action;
        inspect.run(output)
    }
}

impl Inspect {
    fn run(self, output: Output) -> Result<(), Failure> {
        let fault = |source: DataError| refused(&self.table, source);
        let mut nothing = |_: u64| {};
        let options = self.reading.options();
        let mut reader = read::open(&self.table, &options, &mut nothing).map_err(fault)?;
        let mut profile = Profile::new(reader.columns());
        while let Some(batch) = reader.next(BATCH).map_err(fault)? {
            profile.push(&batch);
        }
        let wishes = self.columns.wishes(self.target.clone());
        let (plan, warnings) = Plan::infer(&profile, &wishes).map_err(fault)?;
        if self.plan && !output.json {
            return crate::output::print(&plan.to_toml().map_err(fault)?);
        }
        let inspected = Inspected {
            format: reader.format().to_string(),
            notes: reader.notes().iter().map(ToString::to_string).collect(),
            report: Report::of(&plan, &profile, &warnings),
            plan: self.plan.then_some(plan),
        };
        output.answer(&inspected, plan_report::show)
    }
}

fn refused(path: &Path, source: DataError) -> Failure {
    FitError::Data {
        path: path.to_owned(),
        source: Box::new(source),
    }
    .into()
}
