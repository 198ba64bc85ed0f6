//! What an event should say, given those before it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Difference;
use crate::ids::SubmissionId;
use crate::record::event::{Event, QueuedRun};
use crate::tournament::{Decision, Effect, Heat, RULES_VERSION, Round, Tournament};

/// A value as JSON, or what is wrong with it.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}

/// A difference; its place is added later.
fn difference(what: impl Into<String>, recorded: String, computed: String) -> Difference {
    Difference {
        seq: 1,
        what: what.into(),
        recorded,
        computed,
    }
}

/// Notes where two values are not the same JSON.
fn compare<T: Serialize, U: Serialize>(
    found: &mut Vec<Difference>,
    what: impl Into<String>,
    recorded: &T,
    computed: &U,
) {
    let (recorded, computed) = (json(recorded), json(computed));
    if recorded != computed {
        found.push(difference(what, recorded, computed));
    }
}

/// Whether rules and metrics are such as can be played by.
pub(super) fn rules(tournament: &Tournament) -> Vec<Difference> {
    let mut found = Vec::new();
    let rules = tournament.rules();
    let fits = rules.terms.combine.fits(tournament.metrics());
    if let Err(error) = rules.validate().and(fits) {
        let rules = json(rules);
        found.push(difference("rules", rules, error.to_string()));
    }
    for metric in tournament.metrics() {
        if let Err(error) = metric.validate() {
            found.push(difference("metric", json(metric), error.to_string()));
        }
    }
    found
}

/// Compares an event with what follows from the state before it.
pub(super) fn event(tournament: &Tournament, event: &Event, versioned: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    match event {
        Event::Opened { rules, version, .. } if rules.is_some() || version.is_some() => {
            let digest = tournament.rules().digest();
            compare(&mut found, "digest of the rules", rules, &digest);
            compare(&mut found, "version of the rules", version, &RULES_VERSION);
        }
        Event::Closed { nonce, seed } => {
            let commitment = nonce.commitment();
            let committed = &tournament.commitment;
            compare(&mut found, "digest of the nonce", &commitment, committed);
            let derived = tournament.derive_seed(nonce);
            compare(&mut found, "seed of the tournament", seed, &derived);
        }
        Event::RoundOpened { .. } => opened(&mut found, tournament, event),
        Event::RunDone { run, outcome, .. } => {
            let metric = tournament.find_run(*run).and_then(|run| {
                let round = tournament
                    .rounds
                    .get(run.block.0.checked_sub(1)? as usize)?;
                let block = round.blocks.iter().find(|one| one.index == run.block.1)?;
                tournament.metrics().get(block.task as usize)
            });
            if let (Some(metric), Some(score)) = (metric, outcome.score())
                && !metric.admits(score)
            {
                let most = format!("no better than {}", metric.best);
                found.push(difference("score", json(&score), most));
            }
        }
        Event::BlockReplaced {
            round,
            block,
            replacement,
            ..
        } => {
            let drawn = tournament.replacement(*round, *block);
            let what = format!("replacement of block {block} of round {round}");
            compare(&mut found, what, replacement, &drawn);
        }
        Event::RoundDecided(decision) => decided(&mut found, tournament, decision, versioned),
        Event::Completed { champion, .. } => match tournament.next() {
            Some(Effect::Complete { champion: computed }) => {
                compare(&mut found, "champion", champion, &computed);
            }
            other => found.push(difference(
                "champion",
                json(champion),
                format!("none yet: {}", due(tournament, other.as_ref())),
            )),
        },
        Event::Rejudged {
            changes,
            champion,
            ranking,
            ..
        } => match tournament.rejudge(changes) {
            Ok(judged) => {
                compare(
                    &mut found,
                    "champion judged again",
                    champion,
                    &judged.champion,
                );
                compare(&mut found, "ranking judged again", ranking, &judged.ranking);
            }
            Err(error) => found.push(difference(
                "changes judged by",
                json(changes),
                error.to_string(),
            )),
        },
        _ => {}
    }
    found
}

fn opened(found: &mut Vec<Difference>, tournament: &Tournament, event: &Event) {
    let Event::RoundOpened {
        round,
        entrants,
        blocks,
        heats,
        runs,
    } = event
    else {
        return;
    };
    let next = tournament.next();
    let Some(Effect::OpenRound {
        round: number,
        entrants: wanted_entrants,
        blocks: wanted_blocks,
        heats: wanted_heats,
    }) = next
    else {
        found.push(difference(
            format!("round {round}"),
            "opened".to_owned(),
            due(tournament, next.as_ref()),
        ));
        return;
    };
    compare(found, "number of the round", round, &number);
    compare(
        found,
        format!("entrants of round {round}"),
        entrants,
        &wanted_entrants,
    );
    compare(
        found,
        format!("blocks of round {round}"),
        blocks,
        &wanted_blocks,
    );
    let heats = if heats.is_empty() {
        Round::one_heat(entrants, blocks)
    } else {
        heats.clone()
    };
    compare(
        found,
        format!("heats of round {round}"),
        &heats,
        &wanted_heats,
    );
    let recorded = cells(runs);
    let computed = of_heats(&wanted_heats);
    if recorded.len() != runs.len() || recorded != computed {
        found.push(difference(
            format!("runs of round {round}"),
            format!(
                "{} runs, beyond those due {}",
                runs.len(),
                json(&recorded.difference(&computed).collect::<Vec<_>>())
            ),
            format!(
                "{} runs, of which missing {}",
                computed.len(),
                json(&computed.difference(&recorded).collect::<Vec<_>>())
            ),
        ));
    }
}

fn cells(runs: &[QueuedRun]) -> BTreeSet<(SubmissionId, u32)> {
    runs.iter().map(|run| (run.submission, run.block)).collect()
}

fn of_heats(heats: &[Heat]) -> BTreeSet<(SubmissionId, u32)> {
    let cells = heats.iter().flat_map(|heat| {
        let blocks = |who| heat.blocks.iter().map(move |block| (who, *block));
        heat.entrants.iter().flat_map(move |who| blocks(*who))
    });
    cells.collect()
}

fn decided(
    found: &mut Vec<Difference>,
    tournament: &Tournament,
    decision: &Decision,
    versioned: bool,
) {
    let round = tournament.rounds().last();
    let Some(round) = round.filter(|one| one.decision.is_none() && one.number == decision.round)
    else {
        found.push(difference(
            format!("round {}", decision.round),
            "decided".to_owned(),
            due(tournament, tournament.next().as_ref()),
        ));
        return;
    };
    let missing = round.runs.iter().filter(|(_, run)| !run.is_settled());
    let missing: Vec<_> = missing.map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        found.push(difference(
            format!("results of round {}", round.number),
            "complete".to_owned(),
            format!("missing of runs {}", json(&missing)),
        ));
    }
    let mut computed = tournament.decide(round);
    if !versioned && decision.comparisons.is_empty() {
        computed.comparisons.clear();
        if let Some(evidence) = &mut computed.evidence {
            evidence.holm_p_value = None;
        }
    }
    if json(decision) == json(&computed) {
        return;
    }
    // Part by part, so that a reader sees what was touched.
    let of = |what: &str| format!("{what} of round {}", round.number);
    let before = found.len();
    compare(
        found,
        of("standings"),
        &decision.standings,
        &computed.standings,
    );
    compare(found, of("kept"), &decision.kept, &computed.kept);
    compare(found, of("cut"), &decision.cut, &computed.cut);
    compare(
        found,
        of("evidence"),
        &decision.evidence,
        &computed.evidence,
    );
    compare(
        found,
        of("comparisons"),
        &decision.comparisons,
        &computed.comparisons,
    );
    compare(
        found,
        of("Friedman's test"),
        &decision.friedman,
        &computed.friedman,
    );
    compare(found, of("title"), &decision.title, &computed.title);
    if found.len() == before {
        compare(found, of("decision"), decision, &computed);
    }
}

/// What a tournament is waiting for, in words.
fn due(tournament: &Tournament, next: Option<&Effect>) -> String {
    match next {
        Some(Effect::OpenRound { round, .. }) => format!("round {round} is to be opened"),
        Some(Effect::DecideRound(decision)) => format!("round {} is to be decided", decision.round),
        Some(Effect::Complete { .. }) => "the tournament is to end".to_owned(),
        None if tournament.paused().is_some() => "it is paused".to_owned(),
        None => match tournament.rounds().last() {
            Some(round) if round.decision.is_none() => {
                let open = round.runs.values().filter(|run| !run.is_settled()).count();
                format!("round {} waits for {open} results", round.number)
            }
            _ => format!("it is {}", tournament.state()),
        },
    }
}
