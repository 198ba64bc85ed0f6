//! `gauntlet tournament audit`: computes a tournament again from its record alone.

use std::path::PathBuf;

use gauntlet_api::{Record, RecordedEvent};
use gauntlet_client::Client;
use gauntlet_domain::Digest;
use gauntlet_domain::record::{Audit, Event, Link, verify};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::{counted, printable};

/// Which record to check.
#[derive(Debug, clap::Args)]
pub(super) struct AuditCommand {
    /// The tournament.
    #[arg(required_unless_present = "record")]
    name: Option<String>,
    /// Check this saved record, without a server.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    record: Option<PathBuf>,
    /// Save the record, so that anybody can check it later.
    #[arg(long, value_name = "FILE", requires = "name")]
    save: Option<PathBuf>,
}

impl AuditCommand {
    /// Whether a server is asked.
    pub(super) const fn is_offline(&self) -> bool {
        self.record.is_some()
    }
}

/// What was found.
#[derive(Serialize)]
struct Report<'a> {
    /// Digest of the last event: compare it with one from elsewhere.
    head: &'a str,
    #[serde(flatten)]
    audit: &'a Audit,
}

/// Fetches or reads the record, checks its chain, and computes everything again. Fails if
/// anything differs.
pub(super) async fn run(
    it: AuditCommand,
    client: Option<&Client>,
    output: Output,
) -> Result<(), Failure> {
    let record = match (&it.record, &it.name, client) {
        (Some(file), ..) => read(file)?,
        (None, Some(name), Some(client)) => fetch(client, name).await?,
        _ => return Err(Failure::input("name a tournament, or a saved record")),
    };
    if let Some(file) = &it.save {
        let text = serde_json::to_vec(&record)
            .map_err(|error| Failure::ours("write the record", error))?;
        std::fs::write(file, text).map_err(|error| {
            Failure::input(format!("cannot write {}: {error}", file.display())).field("--save")
        })?;
    }
    let events = checked(&record)?;
    let audit = gauntlet_domain::record::audit(&events);
    let report = Report {
        head: &record.head,
        audit: &audit,
    };
    output.answer(&report, |report| page(report))?;
    if audit.is_clean() {
        return Ok(());
    }
    Err(Failure::input(format!(
        "the record does not follow from its own rules in {}",
        counted(audit.differences.len(), "place")
    )))
}

async fn fetch(client: &Client, name: &str) -> Result<Record, Failure> {
    let mut all: Option<Record> = None;
    loop {
        let after = all.as_ref().map_or(0, |record| record.events.len());
        let query = [("after", after.to_string())];
        let page: Record = client
            .get_with(&["tournaments", name, "record"], &query)
            .await?;
        let done = page.events.is_empty();
        match &mut all {
            None => all = Some(page),
            Some(record) => {
                record.events.extend(page.events);
                record.head = page.head;
                record.length = page.length;
            }
        }
        if let Some(record) =
            all.take_if(|record| done || record.events.len() as i64 >= record.length)
        {
            return Ok(record);
        }
    }
}

fn read(file: &std::path::Path) -> Result<Record, Failure> {
    let wrong = |error: String| {
        Failure::input(format!("{} is no saved record: {error}", file.display())).field("--record")
    };
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
}

/// The events, if they hang together.
fn checked(record: &Record) -> Result<Vec<Event>, Failure> {
    let broken = |what: String| Failure::input(format!("the record is broken: {what}"));
    let digest = |text: &str| -> Result<Digest, Failure> {
        text.parse()
            .map_err(|_| broken(format!("`{text}` is no digest")))
    };
    let link = |event: &RecordedEvent| -> Result<Link, Failure> {
        Ok(Link {
            chain: record.chain.clone(),
            seq: event.seq,
            at_micros: event.at_micros,
            body: event.body.clone(),
            previous: digest(&event.previous)?,
            digest: digest(&event.digest)?,
        })
    };
    let links: Vec<Link> = record.events.iter().map(link).collect::<Result<_, _>>()?;
    verify(&record.chain, &links, Some(&digest(&record.head)?))
        .map_err(|error| broken(error.to_string()))?;
    links
        .iter()
        .map(|link| {
            serde_json::from_str(&link.body)
                .map_err(|error| broken(format!("event {} cannot be read: {error}", link.seq)))
        })
        .collect()
}

fn page(report: &Report<'_>) -> String {
    let audit = report.audit;
    let mut lines = vec![format!(
        "{}, {}, {}, {}: chain of hashes holds, head {}",
        counted(audit.events, "event"),
        counted(audit.rounds, "round"),
        counted(audit.runs, "run"),
        counted(audit.decisions, "decision"),
        report.head,
    )];
    for difference in &audit.differences {
        lines.push(format!(
            "event {}: {}\n  recorded: {}\n  computed: {}",
            difference.seq,
            printable(&difference.what),
            printable(&difference.recorded),
            printable(&difference.computed),
        ));
    }
    if audit.is_clean() {
        lines.push(format!(
            "computed again from rules, nonce and results: field, blocks, pairings, cuts and \
             champion are as recorded ({})",
            audit.champion_name.as_ref().map_or_else(
                || format!("no champion, {}", audit.state),
                |name| format!("champion {}", printable(name.as_str())),
            ),
        ));
    }
    lines.join("\n")
}
