//! `gauntlet series`.

use gauntlet_api::{List, NewSeries, Series};

use super::connection::{Scope, Server};
use super::rules::Rules;
use crate::failure::Failure;
use crate::output::Output;
use crate::show::series;

/// Series.
#[derive(Debug, clap::Args)]
pub(crate) struct SeriesCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the series with their last tournaments.
    List,
    /// Make a series: a tournament starts by itself whenever a date of the calendar comes.
    Create(Box<Create>),
    /// End a series: nothing more of it starts, what is under way goes on.
    End {
        /// The series.
        name: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Its name: 1 to 32 of a-z, 0-9 and dashes. Its tournaments are called NAME-1, NAME-2, …
    name: String,
    /// The task; given several times, blocks are dealt over them in turn, and the title of
    /// the first is played for.
    #[arg(long, required = true)]
    task: Vec<String>,
    /// When they start, in UTC: minute, hour, day of the month, month, day of the week, such
    /// as "0 9 * * MON", or @daily, @weekly, @monthly. Given both days, either will do; a + before
    /// the day of the week asks for both ("0 9 13 * +FRI").
    #[arg(long, value_name = "CRON")]
    calendar: String,
    /// How long each takes submissions, such as 36h or 3days, from a minute to a year.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    open_for: std::time::Duration,
    #[command(flatten)]
    rules: Rules,
    /// Do not let the champion defend its title in the next tournament.
    #[arg(long, conflicts_with = "defend")]
    no_defence: bool,
    /// Let nobody see its tournaments but their members: each has those of the one before. No
    /// champion defends its title in them.
    #[arg(long, conflicts_with = "defend")]
    private: bool,
}

impl SeriesCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let scope = match self.action {
            Action::Create(_) | Action::End { .. } => Scope::Admin,
            Action::List => Scope::None,
        };
        let client = self.server.client(scope)?;
        match self.action {
            Action::List => {
                let all: List<Series> = client.list(&["series"]).await?;
                output.answer(&all, |all| series::table(&all.items))
            }
            Action::Create(create) => {
                let new = create.to_body()?;
                let made: Series = client.post_json(&["series"], &new).await?;
                output.answer(&made, series::page)
            }
            Action::End { name } => {
                let ended: Series = client.post(&["series", &name, "end"]).await?;
                output.answer(&ended, series::page)
            }
        }
    }
}

impl Create {
    fn to_body(&self) -> Result<NewSeries, Failure> {
        let (task, more_tasks) = match self.task.split_first() {
            Some((first, more)) => (first.clone(), more.to_vec()),
            None => (String::new(), Vec::new()),
        };
        let seconds = self.open_for.as_secs();
        Ok(NewSeries {
            name: self.name.clone(),
            task,
            more_tasks,
            rules: Some(self.rules.to_series_json(self.no_defence, self.private)?),
            calendar: self.calendar.clone(),
            // What does not fit is more than a year, and refused as such.
            open_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            private: self.private,
        })
    }
}
