//! Characters that do something other than to be seen.

/// Whether a character does something other than to be seen: control characters, line and
/// paragraph separators, and those that change the direction of text or are invisible.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // The direction of what follows: marks, embeddings and overrides, isolates.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separator.
            | '\u{2028}' | '\u{2029}'
            // Without width: spaces, joiners, operators, the byte order mark.
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
        )
}

/// The text on one line, with unprintable characters spelled out as `\u{1b}`; line ends and
/// tabs become spaces. Nothing is lost: for what somebody has to find or mend.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(' '),
            character if is_unprintable(character) => shown.extend(character.escape_unicode()),
            character => shown.push(character),
        }
    }
    shown
}

/// The first `most` characters of the text as [`printable`] shows them, and `...` if there
/// are more.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => printable(&text[..end]) + "...",
        None => printable(text),
    }
}

/// The text on one line of at most `most` characters. Unprintable characters in a row become
/// one space, none at the beginning and the end; if something is cut off, `…` is the last
/// character. For messages that are read once: what cannot be seen is of no use to a reader.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = text
        .split(is_unprintable)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if line.chars().nth(most).is_some() {
        let kept = most.saturating_sub(1);
        let end = line.char_indices().nth(kept).map_or(0, |(end, _)| end);
        line.truncate(end);
        if most > 0 {
            line.push('…');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal, a browser or a log viewer acts on.
    const ACTING: [char; 24] = [
        '\0', '\u{7}', '\u{1b}', '\r', '\u{7f}', '\u{9b}', '\u{61c}', '\u{200b}', '\u{200d}',
        '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}',
        '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
        '\u{feff}',
    ];

    #[test]
    fn nothing_that_acts_gets_through() {
        for acting in ACTING {
            let text = format!("a{acting}b");
            assert_eq!(one_line(&text, 10), "a b", "{acting:?}");
            let spelled = format!("a{}b", acting.escape_unicode());
            assert_eq!(printable(&text), spelled);
            assert_eq!(excerpt(&text, 10), spelled);
        }
    }

    #[test]
    fn what_can_be_seen_stays() {
        let text = "größe 数 שלום \"x\" \\ 🙂 e\u{301}";
        assert_eq!(printable(text), text);
        assert_eq!(one_line(text, 100), text);
        assert_eq!(excerpt(text, 100), text);
    }

    #[test]
    fn lines_are_flat_and_bounded() {
        assert_eq!(one_line("a\u{1b}[31mb\n\0c", 100), "a [31mb c");
        assert_eq!(one_line("\n  indented\n", 100), "  indented");
        assert_eq!(one_line("\n", 5), "");
        assert_eq!(one_line("äöü", 3), "äöü");
        assert_eq!(one_line("äöüß", 3), "äö…");
        assert_eq!(one_line("äöü", 1), "…");
        assert_eq!(one_line("äöü", 0), "");
    }

    #[test]
    fn excerpts_say_that_there_is_more() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöüß", 3), "äöü...");
        assert_eq!(excerpt("a\nb\tc", 10), "a b c");
    }
}
