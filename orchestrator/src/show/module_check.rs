//! What the gate says about a module.

use gauntlet_wire::settings::Domain;
use gauntlet_workbench::check::module::Check;

use super::table::{Column, render};
use super::text::{bytes, counted, printable};

/// What people read.
pub(crate) fn show(check: &Check) -> String {
    let mut text = format!("{}  {}", check.path.display(), bytes(check.bytes));
    if let Some(digest) = &check.digest {
        text.push_str(&format!("\n  digest: {digest}"));
    }
    if check.enters {
        text.push_str("\n\nThe gate lets it in.\n");
    } else {
        let reasons = counted(check.reasons.len(), "reason");
        text.push_str(&format!("\n\nThe gate refuses it, for {reasons}:\n"));
        for (number, reason) in check.reasons.iter().enumerate() {
            text.push_str(&format!(
                "{:>3}. {} [{}]\n     what to do: {}\n",
                number + 1,
                printable(&reason.detail),
                reason.rule,
                printable(&reason.help)
            ));
        }
    }
    text.push('\n');
    let sizes = check.sizes.iter().map(|size| {
        [
            size.what.to_owned(),
            size.found.to_string(),
            size.limit.to_string(),
        ]
    });
    text.push_str(&render(
        &[
            Column::Text("size"),
            Column::Number("found"),
            Column::Number("limit"),
        ],
        sizes,
        "",
    ));
    if !check.parameters.is_empty() {
        let parameters = check.parameters.iter().map(|parameter| {
            let default = match &parameter.domain {
                Domain::Float { default, .. } => default.to_string(),
                Domain::Integer { default, .. } => default.to_string(),
                Domain::Switch { default } => default.to_string(),
                Domain::Choice { default, .. } => printable(default),
            };
            [
                printable(&parameter.name),
                default,
                printable(&parameter.domain.to_string()),
                printable(parameter.doc.trim()),
            ]
        });
        text.push_str("\n\n");
        text.push_str(&render(
            &[
                Column::Text("hyper-parameter (--set)"),
                Column::Number("default"),
                Column::Text("takes"),
                Column::Text("what it is"),
            ],
            parameters,
            "",
        ));
        text.push('\n');
    }
    let list = |names: &[String]| match names {
        [] => "nothing".to_owned(),
        names => printable(&names.join(", ")),
    };
    text.push_str(&format!(
        "\nimports: {}\nexports: {}\nplatform: interface version {}, Burn {}",
        list(&check.imports),
        list(&check.exports),
        check.interface,
        check.burn
    ));
    if let Some(compiled) = &check.compiled {
        match &compiled.error {
            None => text.push_str(&format!(
                "\ncompiled in {:.1} s (limit: {} s of processor time)",
                compiled.seconds, compiled.limit_seconds
            )),
            Some(error) => {
                text.push_str(&format!("\nit does not compile: {}", printable(error)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_with_what_to_do() {
        let wasm = wat::parse_str(r#"(module (import "env" "now" (func)))"#).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.wasm");
        std::fs::write(&path, &wasm).unwrap();
        let (check, _) = gauntlet_workbench::check::module::check(&path).unwrap();
        assert!(!check.enters && !check.passes());
        let text = show(&check);
        for words in [
            "refuses it, for 4 reasons",
            "env.now",
            "[foreign_import]",
            "gauntlet_train",
            "gauntlet_predict",
            "memory",
            "what to do",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}
