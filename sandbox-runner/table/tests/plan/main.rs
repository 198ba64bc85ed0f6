//! Plans of tables as people have them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod encoding;
mod kinds;
mod splits;
mod warnings;

use gauntlet_table::plan::{Kind, Plan, Profile, Warning, Wishes};
use gauntlet_table::{Batch, Cells, DataError, Texts};

/// A table of texts.
struct Table {
    names: Vec<String>,
    batches: Vec<Batch>,
}

impl Table {
    /// Of CSV in batches of so many rows.
    fn in_batches(csv: &str, rows: usize) -> Self {
        let mut reader = csv::ReaderBuilder::new().from_reader(csv.as_bytes());
        let names: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let batches = records.chunks(rows).enumerate().map(|(at, records)| Batch {
            lines: (0..records.len())
                .map(|row| (2 + at * rows + row) as u64)
                .collect(),
            columns: (0..names.len())
                .map(|column| {
                    let texts = records.iter().map(|record| Some(record[column].trim()));
                    Cells::Texts(texts.collect::<Texts>())
                })
                .collect(),
        });
        let batches = batches.collect();
        Self { names, batches }
    }

    fn new(csv: &str) -> Self {
        Self::in_batches(csv, 7)
    }

    /// Of a header and rows made from their numbers.
    fn of(header: &str, rows: usize, row: impl Fn(usize) -> String) -> Self {
        let rows: Vec<String> = (0..rows).map(row).collect();
        Self::new(&format!("{header}\n{}\n", rows.join("\n")))
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(Batch::rows).sum()
    }

    fn profile(&self) -> Profile {
        let mut profile = Profile::new(&self.names);
        self.batches.iter().for_each(|batch| profile.push(batch));
        profile
    }

    fn infer(&self, wishes: &Wishes) -> Result<(Plan, Vec<Warning>), DataError> {
        Plan::infer(&self.profile(), wishes)
    }

    fn plan(&self, target: &str) -> (Plan, Vec<Warning>) {
        self.infer(&wishes(target)).unwrap()
    }
}

fn wishes(target: &str) -> Wishes {
    Wishes {
        targets: vec![target.to_owned()],
        ..Wishes::default()
    }
}

fn kind(plan: &Plan, column: &str) -> Kind {
    plan.column(column).unwrap().kind
}

fn codes(warnings: &[Warning]) -> Vec<&str> {
    warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect()
}

fn find<'a>(warnings: &'a [Warning], code: &str) -> &'a Warning {
    let found = warnings.iter().find(|warning| warning.code == code);
    found.unwrap_or_else(|| panic!("no {code} among {warnings:#?}"))
}
