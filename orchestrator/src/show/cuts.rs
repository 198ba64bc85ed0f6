//! Who went on, who did not, and how sure that is.

use gauntlet_api::{Cut, CutLine, Round, Title};

use super::text::{counted, printable};

/// Every cut with its evidence, a paragraph each. Rounds that nobody leaves have none.
pub(crate) fn paragraphs(rounds: &[Round]) -> String {
    let mut out = Vec::new();
    for round in rounds {
        let cut = round.cut.as_ref();
        if let Some(cut) = cut.filter(|cut| !cut.dropped.is_empty() || cut.title.is_some()) {
            out.push(paragraph(round.number, cut));
        }
    }
    if out.is_empty() {
        return "no cuts yet".to_owned();
    }
    out.join("\n")
}

fn paragraph(round: u32, cut: &Cut) -> String {
    let mut text = format!(
        "after round {round}: {} on, {} out\n  on:  {}\n  out: {}",
        cut.kept.len(),
        cut.dropped.len(),
        names(&cut.kept),
        names(&cut.dropped),
    );
    if let Some(CutLine { kept, dropped }) = &cut.line {
        text.push_str(&format!(
            "\n  the line: {} over {} on {}: {}",
            printable(kept),
            printable(dropped),
            counted(cut.common_blocks as usize, "common block"),
            evidence(cut),
        ));
    }
    if let Some(title) = &cut.title {
        text.push_str(&format!("\n  the title: {}", title_line(title)));
    }
    text
}

fn title_line(title: &Title) -> String {
    let (challenger, defender) = (printable(&title.challenger), printable(&title.defender));
    let numbers = &title.numbers;
    let mut line = if title.dethroned {
        format!("{challenger} takes it from {defender}")
    } else {
        format!("{defender} keeps it against {challenger}")
    };
    line.push_str(&format!(
        ", challenger's advantage {:+.4} on {}",
        numbers.effect,
        counted(numbers.common_blocks as usize, "common block"),
    ));
    if let Some(p) = numbers.p_value {
        line.push_str(&format!(", p = {p:.4}"));
    }
    line
}

fn names(methods: &[String]) -> String {
    if methods.is_empty() {
        return "nobody".to_owned();
    }
    printable(&methods.join(", "))
}

fn evidence(cut: &Cut) -> String {
    let Some(effect) = cut.effect else {
        return "no difference can be computed".to_owned();
    };
    let mut parts = vec![format!("by {effect:+.4}")];
    match cut.interval {
        Some([low, high]) => parts.push(format!("95 % {low:+.4} to {high:+.4}")),
        None => parts.push("one block gives no interval".to_owned()),
    }
    if let Some(p) = cut.p_value {
        parts.push(format!("p = {p:.3}"));
    }
    if let Some(blocks) = cut.flip_blocks {
        parts.push(format!(
            "would flip with about {}",
            counted(blocks as usize, "more block")
        ));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_names_both_sides_of_the_line_and_its_evidence() {
        let cut = Cut {
            kept: vec!["best".into(), "last".into()],
            dropped: vec!["first".into()],
            line: Some(CutLine {
                kept: "last".into(),
                dropped: "first".into(),
            }),
            common_blocks: 3,
            effect: Some(0.0123),
            standard_error: Some(0.004),
            interval: Some([-0.001, 0.025]),
            p_value: Some(0.125),
            flip_blocks: Some(2),
            comparisons: Vec::new(),
            friedman: None,
            title: None,
        };
        assert_eq!(
            paragraph(2, &cut),
            "after round 2: 2 on, 1 out\n  on:  best, last\n  out: first\n  \
             the line: last over first on 3 common blocks: by +0.0123, 95 % -0.0010 to +0.0250, \
             p = 0.125, would flip with about 2 more blocks"
        );
        // Of several heats: the two at the line are those that met.
        let heats = Cut {
            line: Some(CutLine {
                kept: "best".into(),
                dropped: "first".into(),
            }),
            ..cut
        };
        assert!(paragraph(2, &heats).contains("the line: best over first on 3 common blocks"));
    }
}
