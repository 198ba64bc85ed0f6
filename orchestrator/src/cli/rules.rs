//! Rules of a tournament as arguments.

use std::path::{Path, PathBuf};

use gauntlet_domain::tournament::{
    Classic, Halving, Play, Racing, RoundRobin, Rules as Frozen, Swiss, Terms,
};

use crate::failure::Failure;

/// Rules of a tournament; left out, the server's own.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Rules {
    /// The format, with its default numbers.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// A file of rules in JSON, as docs/FORMATS.md describes them.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "rungs"])]
    rules: Option<PathBuf>,
    /// Rungs of the halving format.
    #[arg(long, value_name = "N", requires = "blocks")]
    rungs: Option<u32>,
    /// Keep one in N methods after each rung but the last [default: 2].
    #[arg(long, value_name = "N", requires = "rungs")]
    eta: Option<u32>,
    /// New shared blocks of each rung, such as 1,2,3.
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "rungs")]
    blocks: Vec<u32>,
    /// Let the task's champion defend its title in a last round of two.
    #[arg(long, conflicts_with = "rules")]
    defend: bool,
    /// Take no more methods than this.
    #[arg(long, value_name = "N", conflicts_with = "rules")]
    max_field: Option<u32>,
    /// Do not close with fewer methods than this.
    #[arg(long, value_name = "N", conflicts_with = "rules")]
    min_field: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Successive halving on shared blocks.
    Halving,
    /// Whatever run tells most comes next.
    Racing,
    /// Groups, then a knockout of pairs.
    Classic,
    /// Everybody on every block.
    RoundRobin,
    /// Rounds of pairs of equal standing.
    Swiss,
}

impl Rules {
    /// As the API wants them; `None` if nothing was asked for. Who names a format gets it, also
    /// where the default is another one.
    pub(crate) fn to_json(&self) -> Result<Option<serde_json::Value>, Failure> {
        if let Some(file) = &self.rules {
            return read(file).map(Some);
        }
        let rules = self.chosen(self.defend);
        if self.format.is_none() && rules == Frozen::default() {
            return Ok(None);
        }
        json(&rules).map(Some)
    }

    /// The same for a series, whose champion defends its title unless `no_defence`, or it is
    /// `private`. A file is left to say so itself.
    pub(crate) fn to_series_json(
        &self,
        no_defence: bool,
        private: bool,
    ) -> Result<serde_json::Value, Failure> {
        match &self.rules {
            Some(_) if no_defence => Err(Failure::input(
                "rules from a file say themselves whether the title is defended",
            )
            .field("--no-defence")
            .help("write \"terms\": {\"defend\": false} into the file")),
            Some(file) => read(file),
            None => json(&self.chosen(!no_defence && !private)),
        }
    }

    /// What the other arguments say.
    fn chosen(&self, defend: bool) -> Frozen {
        let mut rules = Frozen::default();
        match self.format {
            None => {}
            Some(Format::Halving) => rules.play = Play::Halving(Halving::default()),
            Some(Format::Racing) => rules.play = Play::Racing(Racing::default()),
            Some(Format::Classic) => rules.play = Play::Classic(Classic::default()),
            Some(Format::RoundRobin) => rules.play = Play::RoundRobin(RoundRobin::default()),
            Some(Format::Swiss) => rules.play = Play::Swiss(Swiss::default()),
        }
        if let Some(rungs) = self.rungs {
            rules.play = Play::Halving(Halving {
                rungs,
                eta: self.eta.unwrap_or(2),
                blocks_per_rung: self.blocks.clone(),
                ..Halving::default()
            });
        }
        rules.terms = Terms {
            defend,
            max_field: self.max_field,
            min_field: self.min_field.unwrap_or(rules.terms.min_field),
            ..rules.terms
        };
        rules
    }
}

fn read(file: &Path) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::input(format!("cannot read {}: {error}", file.display())).field("--rules")
    })?;
    gauntlet_api::read_json(&text).map_err(|error| {
        Failure::input(format!(
            "{} cannot be read as JSON: {error}",
            file.display()
        ))
        .field("--rules")
    })
}

fn json(rules: &Frozen) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(rules).map_err(|error| Failure::ours("write the rules", error))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Rules;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        rules: Rules,
    }

    fn rules(line: &str) -> Option<serde_json::Value> {
        let line = Line::try_parse_from(std::iter::once("test").chain(line.split_whitespace()));
        line.unwrap_or_else(|error| panic!("{error}"))
            .rules
            .to_json()
            .unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn a_file_says_each_thing_once_and_may_start_with_a_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let file = folder.path().join("rules.json");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap_or_else(|error| panic!("{error}"));
            super::read(&file).map_err(|failure| failure.what)
        };
        let rules = serde_json::json!({"format": "swiss"});
        assert_eq!(read("\u{feff}{\"format\": \"swiss\"}"), Ok(rules));
        let said = read("{\"format\": \"swiss\",\n \"format\": \"racing\"}").unwrap_err();
        assert!(
            said.contains("`format` stands twice") && said.contains("line 2"),
            "{said}"
        );
    }

    #[test]
    fn who_asks_for_nothing_leaves_the_choice_to_others_but_a_named_format_is_kept() {
        assert_eq!(rules(""), None);
        for name in ["racing", "halving", "swiss"] {
            let asked = rules(&format!("--format {name}")).unwrap_or_default();
            assert_eq!(asked["format"], name);
        }
        assert_eq!(
            rules("--defend").unwrap_or_default()["terms"]["defend"],
            true
        );
    }
}
