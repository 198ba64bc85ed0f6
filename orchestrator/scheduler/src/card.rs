//! Writes the card of a champion.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Card, CardBlock, CardEvidence, choose_model};
use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{Digest, MethodName, RunId, SubmissionId};
use gauntlet_storage::play::Loaded;
use gauntlet_storage::views::TaskView;

/// The card of `champion` in `tournament`, as it was judged last; `None` if none of its runs
/// left a model with a score.
pub(crate) fn write(
    loaded: &Loaded,
    tournament: &Tournament,
    task: &TaskView,
    champion: SubmissionId,
    models: &BTreeMap<RunId, Digest>,
) -> Option<Card> {
    let entrant = tournament
        .entrants()
        .find(|entrant| entrant.submission == champion)?;
    let line = tournament.line(champion)?;
    let results = results(tournament, champion, models);
    // The entry is the first task's: scores and models of others are no match for its own.
    let own: Vec<&Counted> = results
        .iter()
        .filter(|result| result.task == 0 && result.of_card.model.is_some())
        .collect();
    // A model of half the budget represents nobody who has a better trained one.
    let any_whole = own.iter().any(|result| !result.half);
    let candidates: Vec<CardBlock> = own
        .into_iter()
        .filter(|result| !(any_whole && result.half))
        .map(|result| result.of_card.clone())
        .collect();
    let best = choose_model(tournament.metric(), &candidates)?;
    let scale = tournament.scale();
    // The blocks that the mean rests on.
    let all_half = results.iter().all(|result| result.half);
    let blocks: Vec<CardBlock> = results
        .iter()
        .filter(|result| all_half || !result.half)
        .map(|result| result.of_card.clone())
        .collect();
    Some(Card {
        method: entrant.name.clone(),
        artifact: entrant.digest,
        model: best.model?,
        run: best.run,
        model_score: best.score?,
        metric: tournament.metric().clone(),
        scale: (scale != *tournament.metric()).then_some(scale),
        score: line.standing.mean,
        standard_error: line.standard_error,
        faults: line.standing.faults,
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

/// A result of the champion that counts.
struct Counted {
    task: u32,
    half: bool,
    of_card: CardBlock,
}

/// The champion's results that count, in the order of the blocks.
fn results(
    tournament: &Tournament,
    champion: SubmissionId,
    models: &BTreeMap<RunId, Digest>,
) -> Vec<Counted> {
    let mut results: Vec<Counted> = tournament
        .rounds()
        .iter()
        .flat_map(|round| round.runs.iter().map(move |run| (round, run)))
        .filter(|(round, (_, run))| run.submission == champion && !round.is_void(run.block.1))
        .filter_map(|(round, (id, run))| {
            let outcome = run.outcome?;
            let block = round
                .blocks
                .iter()
                .find(|block| block.index == run.block.1)?;
            Some(Counted {
                task: block.task,
                half: block.half,
                of_card: CardBlock {
                    round: block.round,
                    index: block.index,
                    seed: block.seed,
                    run: *id,
                    verdict: outcome.verdict(),
                    score: outcome.score(),
                    model: models.get(id).copied(),
                },
            })
        })
        .collect();
    results.sort_by_key(|result| (result.of_card.round, result.of_card.index));
    results
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
