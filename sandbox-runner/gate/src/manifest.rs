//! What a module says about itself: read from a custom section, never by executing it.

use gauntlet_wire::manifest::{MOST_BYTES, Manifest, SECTION};

use crate::rejection::{Rejection, Rule};

const HELP: &str = "leave it to `gauntlet_method::export!`, which writes it; once in a module";

/// Reads a custom section if it is the manifest. `known` is the manifest found before.
pub(crate) fn read(
    name: &str,
    data: &[u8],
    known: Option<&Manifest>,
) -> Result<Option<Manifest>, Rejection> {
    if name != SECTION {
        return Ok(None);
    }
    let wrong = |detail: String| Rejection::new(Rule::Manifest, detail, HELP);
    if known.is_some() {
        return Err(wrong(format!("the module has two sections `{SECTION}`")));
    }
    let what = "bytes of the section `gauntlet.method`";
    let help = "declare fewer hyper-parameters, or say less about them";
    Rejection::unless_within(what, data.len() as u64, MOST_BYTES as u64, help)?;
    let manifest: Manifest = serde_json::from_slice(data).map_err(|error| {
        // The message of the parser may quote the module.
        let error: String = error
            .to_string()
            .chars()
            .take(200)
            .flat_map(char::escape_default)
            .collect();
        wrong(format!("the section `{SECTION}` cannot be read: {error}"))
    })?;
    manifest.understood().map_err(|mismatch| {
        Rejection::new(
            Rule::InterfaceVersion,
            mismatch.to_string(),
            mismatch.help(),
        )
    })?;
    Ok(Some(manifest))
}
