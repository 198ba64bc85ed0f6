//! Writes the card of a champion.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Card, CardBlock, CardEvidence, choose_model};
use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{Digest, MethodName, RunId, SubmissionId};
use gauntlet_storage::play::Loaded;
use gauntlet_storage::views::TaskView;

/// The card; `None` if none of the champion's runs left a model with a score.
pub(crate) fn write(
    loaded: &Loaded,
    task: &TaskView,
    champion: SubmissionId,
    models: &BTreeMap<RunId, Digest>,
) -> Option<Card> {
    let tournament = &loaded.tournament;
    let entrant = tournament
        .entrants()
        .find(|entrant| entrant.submission == champion)?;
    let standing = tournament
        .rounds()
        .iter()
        .rev()
        .filter_map(|round| round.decision.as_ref())
        .flat_map(|decision| &decision.standings)
        .find(|line| line.submission == champion)?;
    let blocks = blocks(tournament, champion, models);
    // The entry is the first task's: scores and models of others are no match for its own.
    let own: Vec<CardBlock> = blocks
        .iter()
        .filter(|block| is_of_first_task(tournament, block))
        .cloned()
        .collect();
    let best = choose_model(tournament.metric(), &own)?;
    Some(Card {
        method: entrant.name.clone(),
        artifact: entrant.digest,
        model: best.model?,
        run: best.run,
        model_score: best.score?,
        metric: tournament.metric().clone(),
        score: standing.mean,
        faults: standing.faults,
        task: task.name.clone(),
        licence: task.licence.clone(),
        budget: task.budget,
        tournament: loaded.row.name.clone(),
        rules: loaded.row.rules.clone(),
        field: tournament.entrants().count() as u32,
        runs: tournament
            .rounds()
            .iter()
            .map(|round| round.runs.len() as u32)
            .sum(),
        nonce: loaded.row.nonce,
        seed: *tournament.seed()?,
        evidence: evidence(tournament),
        blocks,
    })
}

fn is_of_first_task(tournament: &Tournament, of_card: &CardBlock) -> bool {
    tournament
        .rounds()
        .iter()
        .flat_map(|round| &round.blocks)
        .any(|block| (block.round, block.index, block.task) == (of_card.round, of_card.index, 0))
}

fn blocks(
    tournament: &Tournament,
    champion: SubmissionId,
    models: &BTreeMap<RunId, Digest>,
) -> Vec<CardBlock> {
    let mut blocks: Vec<(bool, CardBlock)> = tournament
        .rounds()
        .iter()
        .flat_map(|round| round.runs.iter().map(move |run| (round, run)))
        .filter(|(_, (_, run))| run.submission == champion)
        .filter_map(|(round, (id, run))| {
            let outcome = run.outcome?;
            let block = round
                .blocks
                .iter()
                .find(|block| block.index == run.block.1)?;
            let of_card = CardBlock {
                round: block.round,
                index: block.index,
                seed: block.seed,
                run: *id,
                verdict: outcome.verdict(),
                score: outcome.score(),
                model: models.get(id).copied(),
            };
            Some((block.half, of_card))
        })
        .collect();
    blocks.sort_by_key(|(_, block)| (block.round, block.index));
    // A model of half the budget represents nobody who has a better trained one.
    if blocks
        .iter()
        .any(|(half, block)| !half && block.model.is_some())
    {
        blocks.retain(|(half, _)| !half);
    }
    blocks.into_iter().map(|(_, block)| block).collect()
}

fn evidence(tournament: &Tournament) -> Vec<CardEvidence> {
    let name = |who: SubmissionId| -> Option<MethodName> {
        tournament
            .entrants()
            .find(|entrant| entrant.submission == who)
            .map(|entrant| entrant.name.clone())
    };
    tournament
        .rounds()
        .iter()
        .filter_map(|round| round.decision.as_ref())
        .filter_map(|decision| {
            let evidence = decision.evidence.clone()?;
            Some(CardEvidence {
                round: decision.round,
                kept: name(evidence.kept)?,
                cut: name(evidence.cut)?,
                evidence,
            })
        })
        .collect()
}
