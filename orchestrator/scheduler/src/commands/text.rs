//! Text from outside, made safe to keep and to show.

use crate::{Reason, Refusal};

/// One line without control characters, of at most `max` characters. For text
/// of entrants and runners that is for people only: cut rather than refused.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let mut line: String = text
        .split(|c: char| c.is_control())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((end, _)) = line.char_indices().nth(max) {
        line.truncate(end);
    }
    line
}

/// Refuses text that is too long or has control characters other than line ends.
pub(super) fn check(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length > max {
        return Err(Reason::new(
            "text-too-long",
            format!("{field} is longer than allowed"),
            "shorten it",
        )
        .field(field)
        .limit(format!("{max} characters"))
        .found(format!("{length} characters"))
        .invalid());
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Reason::new(
            "control-characters",
            format!("{field} contains control characters"),
            "remove them",
        )
        .field(field)
        .invalid());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check, one_line};

    #[test]
    fn lines_are_flat_and_bounded() {
        assert_eq!(one_line("a\u{1b}[31mb\n\0c", 100), "a [31mb c");
        assert_eq!(one_line("äöü", 2), "äö");
        assert_eq!(one_line("\n", 5), "");
    }

    #[test]
    fn long_or_unprintable_text_is_refused() {
        assert!(check("body.title", "fine\nreally", 20).is_ok());
        let long = check("body.title", "äöü", 2).unwrap_err();
        assert_eq!(
            long.reason().unwrap().limit.as_deref(),
            Some("2 characters")
        );
        assert!(check("body.title", "\0", 20).is_err());
    }
}
