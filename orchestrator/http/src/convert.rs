//! What storage knows, in the shapes of the public API: ids and digests as text, names for
//! ids, and nothing that is not public.

use gauntlet_api as api;
use gauntlet_domain::{Digest, tournament};
use gauntlet_storage::views;

use crate::card;

pub(crate) fn summary(view: views::TournamentSummary) -> api::TournamentSummary {
    api::TournamentSummary {
        name: view.name,
        task: view.task,
        private: view.private,
        state: view.state,
        methods: view.methods,
        runs_done: view.runs_done,
        runs_total: view.runs_total,
        champion: view.champion,
        created_at: view.created_at,
    }
}

pub(crate) fn tournament(view: views::TournamentView) -> api::Tournament {
    let several = !view.more_tasks.is_empty();
    api::Tournament {
        name: view.name,
        task: view.task,
        private: view.private,
        more_tasks: view.more_tasks.clone(),
        metric: view.metric,
        state: view.state,
        // Rules are plain data: numbers, names and lists.
        rules: serde_json::to_value(&view.rules).unwrap_or_default(),
        nonce_digest: view.nonce_digest.map(|digest| digest.to_string()),
        nonce: view.nonce.map(|nonce| Digest::from(nonce).to_string()),
        seed: view.seed.map(|seed| seed.0.to_string()),
        created_at: view.created_at,
        series: view.series,
        closes_at: view.closes_at,
        completed_at: view.ended_at,
        methods: view
            .methods
            .into_iter()
            .map(|method| api::Method {
                name: method.name,
                digest: method.digest.to_string(),
                cut_after: method.cut_after,
                defender: method.defender,
                disqualified: method.disqualified_because,
                set_aside: method.set_aside_because,
            })
            .collect(),
        rounds: view
            .rounds
            .into_iter()
            .map(|view| round(view, several))
            .collect(),
        standings: view.standings.into_iter().map(standing).collect(),
        champion: view.champion.map(|champion| api::Champion {
            method: champion.method,
            archive: champion.archive.map(|id| id.0),
            withdrawn: champion.withdrawn_because,
            defended: champion.defended,
            score: champion.score,
        }),
        note: view.cancelled_because,
        paused: view.paused_because,
        share: view.share,
        rejudged: view.rejudged_because,
        waiting: Vec::new(),
        rounded: !view.disclosure.is_full(),
    }
}

fn round(view: views::RoundView, several_tasks: bool) -> api::Round {
    api::Round {
        number: view.number,
        state: match view.state {
            views::RoundState::Running => api::RoundState::Running,
            views::RoundState::Decided => api::RoundState::Completed,
            views::RoundState::Stuck => api::RoundState::Stuck,
        },
        note: view.note,
        blocks: view
            .blocks
            .into_iter()
            .map(|block| api::Block {
                number: block.number,
                seed: block.seed.to_string(),
                task: several_tasks.then_some(block.task),
                voided: block.voided,
                again: block.again,
                half: block.half,
            })
            .collect(),
        // One heat says nothing that the runs do not.
        heats: if view.heats.len() > 1 {
            view.heats
                .into_iter()
                .map(|heat| api::Heat {
                    methods: heat.methods,
                    blocks: heat.blocks,
                })
                .collect()
        } else {
            Vec::new()
        },
        runs: view
            .runs
            .into_iter()
            .map(|run| api::RunCell {
                run: run.run.0,
                method: run.method,
                block: run.block,
                state: run.state,
                attempt: run.attempt,
                progress: run.progress,
                verdict: run.verdict,
                score: run.score,
                model: run.model.map(|digest| digest.to_string()),
            })
            .collect(),
        standings: view.standings.into_iter().map(standing).collect(),
        cut: view.cut.map(cut),
    }
}

fn standing(view: views::StandingView) -> api::Standing {
    api::Standing {
        rank: view.place,
        method: view.method,
        mean: view.mean,
        standard_error: view.standard_error,
        blocks: view.blocks,
        faults: view.faults,
        cut_after: view.cut_after,
        points: view.points,
        estimate: view.estimate,
        p_best: view.p_best,
    }
}

fn cut(view: views::CutView) -> api::Cut {
    let evidence = view.evidence.as_ref();
    let comparisons = view
        .comparisons
        .iter()
        .map(|one| api::Comparison {
            kept: one.kept.clone(),
            dropped: one.dropped.clone(),
            numbers: numbers(&one.evidence),
        })
        .collect();
    api::Cut {
        kept: view.kept,
        dropped: view.dropped,
        line: view
            .at_line
            .map(|(kept, dropped)| api::CutLine { kept, dropped }),
        common_blocks: evidence.map_or(0, |evidence| evidence.blocks),
        effect: evidence.map(|evidence| evidence.effect),
        standard_error: evidence.and_then(|evidence| evidence.standard_error),
        interval: evidence.and_then(|evidence| evidence.interval),
        p_value: evidence.and_then(|evidence| evidence.p_value),
        flip_blocks: evidence
            .and_then(|evidence| evidence.blocks_to_flip)
            .map(|blocks| u32::try_from(blocks).unwrap_or(u32::MAX)),
        comparisons,
        friedman: view.friedman,
        title: view.title.map(|title| api::Title {
            numbers: numbers(&title.evidence),
            defender: title.defender,
            challenger: title.challenger,
            dethroned: title.dethroned,
        }),
    }
}

fn numbers(evidence: &tournament::Evidence) -> api::Numbers {
    api::Numbers {
        common_blocks: evidence.blocks,
        effect: evidence.effect,
        interval: evidence.interval,
        p_value: evidence.p_value,
        holm_p_value: evidence.holm_p_value,
        flip_blocks: evidence
            .blocks_to_flip
            .map(|blocks| u32::try_from(blocks).unwrap_or(u32::MAX)),
    }
}

pub(crate) fn run(view: views::RunView) -> api::Run {
    api::Run {
        id: view.id.0,
        tournament: view.tournament,
        task: view.task,
        metric: view.metric,
        method: view.method,
        digest: view.digest.to_string(),
        round: view.round,
        block: view.block,
        seed: view.seed.to_string(),
        state: view.state,
        progress: view.progress,
        verdict: view.verdict,
        score: view.score,
        model: view.model.map(|digest| digest.to_string()),
        detail: view.detail,
        train: view.train,
        predict: view.predict,
        curve: view.curve,
        probes: view
            .probes
            .iter()
            .map(|probe| api::CheckpointScore {
                fraction: f64::from(probe.checkpoint_index) / 16.0,
                work: probe.work,
                score: probe.score,
            })
            .collect(),
        to_target: view.to_target,
        attempts: view.attempts.into_iter().map(attempt).collect(),
        rounded: !view.disclosure.is_full(),
    }
}

fn attempt(view: views::AttemptView) -> api::Attempt {
    api::Attempt {
        number: view.number,
        runner: view.runner,
        state: view.state,
        reason: view.reason,
        started_at: view.started_at,
        ended_at: view.ended_at,
    }
}

pub(crate) fn runner(view: views::RunnerView) -> api::Runner {
    api::Runner {
        id: view.id.0,
        name: view.name,
        class: view.class,
        version: view.version,
        last_seen_at: view.last_seen_at,
        alive: view.alive,
        state: view.state,
        set_aside_because: view.set_aside_because,
        set_aside_until: view.set_aside_until,
        last_fault: view.last_fault,
    }
}

pub(crate) fn task(view: views::TaskView) -> api::Task {
    api::Task {
        name: view.name.to_string(),
        title: view.title,
        description: view.description,
        licence: view.licence,
        info: view.info,
        budget: view.budget,
        metric: view.metric,
        target: view.target,
        train: view.train.to_string(),
        base: view.base.map(|digest| digest.to_string()),
        private: view.private,
        created_at: view.created_at,
    }
}

pub(crate) fn archive_entry(view: views::ArchiveView, model_bytes: u64) -> api::ArchiveEntry {
    let card = card::markdown(&view.card, view.withdrawn_because.as_deref());
    api::ArchiveEntry {
        id: view.id.0,
        aliases: view.aliases,
        task: view.task,
        withdrawn: view.withdrawn_because,
        tournament: view.tournament,
        method: view.method,
        lane: view.lane.to_string(),
        module: view.artifact.to_string(),
        module_bytes: view.artifact_bytes,
        model: view.model.to_string(),
        model_bytes,
        metric: view.card.scale.unwrap_or(view.card.metric),
        score: view.score,
        blocks: view.blocks,
        run: view.run.0,
        card,
        created_at: view.created_at,
    }
}
