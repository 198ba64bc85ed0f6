//! Plays a record again and says where it is not what follows from its own rules.
//!
//! Needs nothing but the events: what they do not decide themselves (results, who hands in
//! what, what an operator does) is taken as it is; all the rest is computed anew and
//! compared. After a difference the record is followed as it stands, so that one false entry
//! shows as one difference, and those after it are found too.

mod checks;
mod follow;
mod runners;

use runners::Runners;
use serde::Serialize;

use crate::ids::SubmissionId;
use crate::names::MethodName;
use crate::record::event::Event;
use crate::tournament::{Tournament, TournamentState};

/// Something that a record says and that does not follow from the rest of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Place of the event in the record, from 1.
    pub seq: usize,
    /// What differs.
    pub what: String,
    /// What the record says, as JSON where it is more than a word.
    pub recorded: String,
    /// What follows from the rest of it.
    pub computed: String,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Everything that does not fit; nothing, if all is well.
    pub differences: Vec<Difference>,
    /// Events read.
    pub events: usize,
    /// Rounds whose drawing was computed again.
    pub rounds: usize,
    /// Runs that were queued.
    pub runs: usize,
    /// Results that were accepted.
    pub results: usize,
    /// Decisions that were computed again, rejudgements included.
    pub decisions: usize,
    /// Where the tournament is at the end of the record.
    pub state: TournamentState,
    /// The champion by the record.
    pub champion: Option<SubmissionId>,
    /// Its name.
    pub champion_name: Option<MethodName>,
}

impl Audit {
    /// Whether everything fits.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Audits the record of one tournament, in its order from the first event.
pub fn audit(events: &[Event]) -> Audit {
    let mut found = Audit {
        differences: Vec::new(),
        events: events.len(),
        rounds: 0,
        runs: 0,
        results: 0,
        decisions: 0,
        state: TournamentState::Draft,
        champion: None,
        champion_name: None,
    };
    let Some((first, later)) = events.split_first() else {
        found.differences.push(Difference {
            seq: 1,
            what: "the first event".to_owned(),
            recorded: "none".to_owned(),
            computed: "created".to_owned(),
        });
        return found;
    };
    let mut tournament = match Tournament::replay([first]) {
        Ok(tournament) => tournament,
        Err(error) => {
            found.differences.push(Difference {
                seq: 1,
                what: "the first event".to_owned(),
                recorded: first.kind().to_owned(),
                computed: error.to_string(),
            });
            return found;
        }
    };
    found.differences = checks::rules(&tournament);
    // Records from before versions were written say less about a decision.
    let mut versioned = true;
    let mut runners = Runners::default();
    for (seq, event) in (2..).zip(later) {
        if let Event::Opened { version, .. } = event {
            versioned = version.is_some();
        }
        let mut differences = checks::event(&tournament, event, versioned);
        runners.note(&tournament, event);
        if let Event::MethodSetAside {
            submission,
            runners: named,
            ..
        } = event
        {
            differences.extend(runners.check(*submission, named));
        }
        if let Err(error) = tournament.apply(event) {
            if differences.is_empty() {
                differences.push(Difference {
                    seq,
                    what: format!("`{}`", event.kind()),
                    recorded: checks::json(event),
                    computed: error.to_string(),
                });
            }
            follow::follow(&mut tournament, event);
        }
        for difference in differences {
            found.differences.push(Difference { seq, ..difference });
        }
        match event {
            Event::RoundOpened { runs, .. } => {
                found.rounds += 1;
                found.runs += runs.len();
            }
            Event::BlockReplaced { runs, .. } => found.runs += runs.len(),
            Event::RunDone { .. } => found.results += 1,
            Event::RoundDecided(_) | Event::Rejudged { .. } => found.decisions += 1,
            _ => {}
        }
    }
    found.state = tournament.state();
    found.champion = tournament.champion();
    found.champion_name = tournament
        .entrants()
        .find(|entrant| Some(entrant.submission) == found.champion)
        .map(|entrant| entrant.name.clone());
    found
}
