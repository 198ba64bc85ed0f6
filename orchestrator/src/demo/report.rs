//! What came of a demo, as data and as tables.

use std::collections::BTreeMap;

use gauntlet_api::{ArchiveEntry, Cut, Meters, Method, Metric, Run, Standing, Tournament, Verdict};
use gauntlet_client::Client;
use serde::Serialize;
use uuid::Uuid;

use crate::failure::Failure;
use crate::show::{
    archive, cuts, standings,
    text::{counted, printable},
    verdicts,
};

/// The whole demo.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Its seed.
    pub(crate) seed: u64,
    /// From the start of the database to the last champion.
    pub(crate) seconds: f64,
    /// It went on from where an earlier one was cut off.
    pub(crate) resumed: bool,
    /// Where its pages were.
    pub(crate) url: String,
    /// Its tournaments.
    pub(crate) tournaments: Vec<TournamentReport>,
}

/// One tournament.
#[derive(Debug, Serialize)]
pub(crate) struct TournamentReport {
    name: String,
    task: String,
    /// From its creation to its champion, by the server's clock.
    seconds: Option<f64>,
    /// The field.
    methods: Vec<Method>,
    rounds: usize,
    standings: Vec<Standing>,
    cuts: Vec<RoundCut>,
    runs: Vec<RunReport>,
    /// What the task measures.
    metric: Metric,
    /// Median of the methods' mean scores; faults count as misses.
    field_median: f64,
    /// The same over the methods without a fault; `None` if all had one.
    faultless_median: Option<f64>,
    champion: ArchiveEntry,
    #[serde(skip)]
    full: Tournament,
    #[serde(skip)]
    details: BTreeMap<String, String>,
}

/// A cut and the round it came after.
#[derive(Debug, Serialize)]
struct RoundCut {
    round: u32,
    #[serde(flatten)]
    cut: Cut,
}

/// One run.
#[derive(Debug, Serialize)]
struct RunReport {
    id: Uuid,
    round: u32,
    block: u32,
    seed: String,
    method: String,
    verdict: Option<Verdict>,
    score: Option<f64>,
    model: Option<String>,
    detail: Option<String>,
    attempts: usize,
    train: Option<Meters>,
    predict: Option<Meters>,
}

impl TournamentReport {
    /// Fetches what belongs to a tournament that has ended.
    pub(super) async fn gather(client: &Client, ended: Tournament) -> Result<Self, Failure> {
        let Some(entry) = ended
            .champion
            .as_ref()
            .and_then(|champion| champion.archive)
        else {
            return Err(Failure::ours(
                "find a champion with a model",
                format_args!(
                    "{} is {}{}",
                    ended.name,
                    ended.state.as_str(),
                    ended
                        .note
                        .as_ref()
                        .map_or_else(String::new, |note| format!(": {note}"))
                ),
            ));
        };
        let champion: ArchiveEntry = client.get(&["archive", &entry.to_string()]).await?;
        let mut runs = Vec::new();
        let mut details = BTreeMap::new();
        for cell in ended.rounds.iter().flat_map(|round| &round.runs) {
            let run: Run = client.get(&["runs", &cell.run.to_string()]).await?;
            if let (Some(detail), false) = (&run.detail, run.verdict == Some(Verdict::Completed)) {
                details
                    .entry(run.method.clone())
                    .or_insert_with(|| detail.clone());
            }
            runs.push(RunReport {
                id: run.id,
                round: run.round,
                block: run.block,
                seed: run.seed,
                method: run.method,
                verdict: run.verdict,
                score: run.score,
                model: run.model,
                detail: run.detail,
                attempts: run.attempts.len(),
                train: run.train,
                predict: run.predict,
            });
        }
        // Runs are made in no particular order; a report has one.
        runs.sort_by(|a, b| (a.round, a.block, &a.method).cmp(&(b.round, b.block, &b.method)));
        let means = |with_faults: bool| {
            ended
                .standings
                .iter()
                .filter(|standing| with_faults || standing.faults == 0)
                .map(|standing| standing.mean)
                .collect::<Vec<_>>()
        };
        Ok(Self {
            name: ended.name.clone(),
            task: ended.task.clone(),
            seconds: ended
                .completed_at
                .map(|end| (end - ended.created_at).as_seconds_f64()),
            methods: ended.methods.clone(),
            rounds: ended.rounds.len(),
            standings: ended.standings.clone(),
            cuts: ended
                .rounds
                .iter()
                .filter_map(|round| {
                    round.cut.clone().map(|cut| RoundCut {
                        round: round.number,
                        cut,
                    })
                })
                .collect(),
            runs,
            field_median: median(means(true)).unwrap_or(ended.metric.miss),
            metric: ended.metric.clone(),
            faultless_median: median(means(false)),
            champion,
            full: ended,
            details,
        })
    }

    fn text(&self) -> String {
        format!(
            "━━ {} ━━ {}, {}, {}{}\n\nStandings\n{}\n\nCuts\n{}\n\nVerdicts\n{}\n\n{}",
            printable(&self.name),
            counted(self.methods.len(), "method"),
            counted(self.rounds, "round"),
            counted(self.runs.len(), "run"),
            self.seconds
                .map_or_else(String::new, |seconds| format!(", {seconds:.0} s")),
            standings::table(&self.full.metric, &self.standings),
            cuts::paragraphs(&self.full.rounds),
            verdicts::table(&self.full, &self.details),
            archive::card(&self.champion),
        )
    }
}

impl Report {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut parts = self
            .tournaments
            .iter()
            .map(TournamentReport::text)
            .collect::<Vec<_>>();
        parts.push(format!(
            "{} tournaments in {:.0} s, seed {}",
            self.tournaments.len(),
            self.seconds,
            self.seed
        ));
        parts.join("\n\n")
    }
}

/// The median; the mean of the middle two of an even number.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians_of_odd_even_and_no_numbers() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
