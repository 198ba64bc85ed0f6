//! What the check of an image says.

use gauntlet_workbench::check::image::ImageCheck;

use super::text::{bytes, printable};

/// The check, for people.
pub(crate) fn show(check: &ImageCheck) -> String {
    let mut lines = vec![
        format!("{}", check.path.display()),
        format!("  digest: {}", check.digest),
    ];
    if let Some(facts) = &check.facts {
        lines.push(format!(
            "  an image of {} in {} layer(s), {} unpacked, {} files; it would be let in",
            bytes(facts.archive_bytes),
            facts.layers,
            bytes(facts.unpacked_bytes),
            facts.entries
        ));
        let entry = facts.config.entrypoint.join(" ");
        lines.push(format!("  starts: {} train|predict", printable(&entry)));
        if facts.privileged_files > 0 {
            lines.push(format!(
                "  {} file(s) lose a set-user-id bit, which has no effect in the sandbox",
                facts.privileged_files
            ));
        }
        for what in &facts.left_out {
            lines.push(format!("  left out: {}", printable(what)));
        }
    }
    if let Some(refusal) = &check.refusal {
        lines.push(format!("  refused ({}): {}", refusal.rule, refusal.detail));
        lines.push(format!("  {}", refusal.help));
    }
    lines.join("\n")
}
