//! The card of an archive entry as Markdown with YAML front matter, the form in
//! which people know model cards.

use std::fmt::Write as _;

use gauntlet_domain::record::Card;
use gauntlet_domain::run::{Direction, Verdict};

/// The card as a `README.md`. Everything in it is a name that has been checked, a
/// number or a digest, so nothing needs quoting; the licence is text, and is quoted.
/// An entry that was taken back says so first, and why.
pub(crate) fn markdown(card: &Card, withdrawn: Option<&str>) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail, and a card cut short would be seen.
    let written = write(card, withdrawn, &mut text);
    debug_assert!(written.is_ok());
    text
}

fn write(card: &Card, withdrawn: Option<&str>, text: &mut String) -> std::fmt::Result {
    let scale = card.scale.as_ref().unwrap_or(&card.metric);
    writeln!(text, "---")?;
    writeln!(text, "method: {}", card.method)?;
    writeln!(text, "task: {}", card.task)?;
    writeln!(text, "tournament: {}", card.tournament)?;
    if let Some(because) = withdrawn {
        writeln!(text, "withdrawn: {}", quoted(because))?;
    }
    writeln!(text, "metric: {}", quoted(&scale.name))?;
    writeln!(text, "score: {:.6}", card.score)?;
    if let Some(error) = card.standard_error {
        writeln!(text, "standard_error: {error:.6}")?;
    }
    writeln!(text, "model_score: {:.6}", card.model_score)?;
    writeln!(text, "data_licence: {}", quoted(&card.licence))?;
    writeln!(text, "module_sha256: {}", card.artifact)?;
    writeln!(text, "model_sha256: {}", card.model)?;
    writeln!(text, "run: {}", card.run)?;
    writeln!(text, "---")?;
    writeln!(text, "\n# {}\n", card.method)?;
    if let Some(because) = withdrawn {
        // JSON's form has no line breaks, and none of what begins something in Markdown here.
        writeln!(
            text,
            "**Withdrawn.** It holds no title: {}.\n",
            quoted(because)
        )?;
    }
    let miss = scale.miss;
    writeln!(
        text,
        "{} of `{}` on the task `{}`: mean {} {:.4}{}{} over {} blocks{}. It met {} {} in {} runs.",
        match withdrawn {
            None => "Champion",
            Some(_) => "Once archived as the champion",
        },
        card.tournament,
        card.task,
        scale.name,
        card.score,
        card.standard_error
            .map_or_else(String::new, |error| format!(" ± {error:.4}")),
        match scale.better {
            Direction::Higher => "",
            Direction::Lower => " (lower is better)",
        },
        card.blocks.len(),
        match card.faults {
            0 => String::new(),
            1 => format!(", one of them a fault of its own that counts as {miss}"),
            faults => format!(", {faults} of them faults of its own that count as {miss}"),
        },
        card.field.saturating_sub(1),
        if card.field == 2 { "rival" } else { "rivals" },
        card.runs,
    )?;
    writeln!(text, "\n## Files\n")?;
    writeln!(
        text,
        "- `model.safetensors`: the weights of its best run ({} {:.4}).",
        card.metric.name, card.model_score
    )?;
    writeln!(
        text,
        "- `method.wasm`: the method itself, which can be run again."
    )?;
    writeln!(text, "\n## Results\n")?;
    writeln!(
        text,
        "| round | block | seed | {} | model (SHA-256) |",
        card.metric.name
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    for block in &card.blocks {
        let score = match (block.verdict, block.score) {
            (Verdict::Completed, Some(score)) => format!("{score:.4}"),
            (verdict, _) => verdict.as_str().replace('_', " "),
        };
        let model = block
            .model
            .map_or_else(String::new, |model| format!("`{}`", model.short()));
        writeln!(
            text,
            "| {} | {} | `{}` | {score} | {model} |",
            block.round, block.index, block.seed
        )?;
    }
    if !card.evidence.is_empty() {
        writeln!(text, "\n## Cuts\n")?;
        for cut in &card.evidence {
            let evidence = &cut.evidence;
            write!(
                text,
                "- Round {}: {} stayed, {} went; advantage {:+.4} over {} common blocks",
                cut.round, cut.kept, cut.cut, evidence.effect, evidence.blocks
            )?;
            if let Some([low, high]) = evidence.interval {
                write!(text, ", 95 % interval {low:+.4} to {high:+.4}")?;
            }
            if let Some(p) = evidence.p_value {
                write!(text, ", one-sided sign-flip p = {p:.3}")?;
            }
            if let Some(blocks) = evidence.blocks_to_flip {
                write!(text, ", about {blocks} more blocks could turn it")?;
            }
            writeln!(text, ".")?;
        }
    }
    let budget = &card.budget;
    writeln!(text, "\n## Conditions\n")?;
    writeln!(
        text,
        "Each run could use {} units of metered work (FLOPs, bytes moved and the method's own instructions) for training and {} % of that for \
         prediction, {} bytes of tensors and {} bytes of guest memory.",
        budget.work, budget.predict_share_percent, budget.tensor_bytes, budget.guest_bytes
    )?;
    writeln!(
        text,
        "\nTournament seed `{}`, nonce `{}`.",
        card.seed.0,
        gauntlet_domain::Digest::from(card.nonce)
    )?;
    Ok(())
}

/// A YAML string: JSON's form is one of YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
