//! Words that stand for a missing value, and for yes and no.

/// Words that are never a value, as pandas, R, SQL, Excel and people write them.
const NEVER: [&str; 27] = [
    "", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "NaN", "nan", "-nan", "-NaN", "+nan", "NAN",
    "null", "NULL", "Null", "<NA>", "NaT", "?", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!",
    "#NULL!", "(null)", "\\N",
];
/// Words that are one where others are numbers, and may be a value among texts.
const PERHAPS: [&str; 6] = ["None", "none", "NONE", "-", "--", "."];

/// Whether a text is always missing.
pub(crate) fn never_a_value(text: &str) -> bool {
    // Most cells are told apart by their first byte.
    match text.as_bytes().first() {
        None => true,
        Some(b'N' | b'n' | b'#' | b'<' | b'?' | b'-' | b'+' | b'(' | b'\\') => {
            NEVER.contains(&text)
        }
        Some(_) => false,
    }
}

/// Whether a text is missing unless it is a category among others.
pub(crate) fn perhaps_missing(text: &str) -> bool {
    text.len() <= 4 && text.starts_with(['N', 'n', '-', '.']) && PERHAPS.contains(&text)
}

/// Truth of a word.
pub(crate) fn truth(text: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 12] = [
        ("yes", true),
        ("no", false),
        ("true", true),
        ("false", false),
        ("y", true),
        ("n", false),
        ("t", true),
        ("f", false),
        ("on", true),
        ("off", false),
        ("1", true),
        ("0", false),
    ];
    let found = WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, truth)| *truth)
}

/// Whether two words are a yes and its no: `t` and `no` are not.
pub(crate) fn are_a_pair(one: &str, other: &str) -> bool {
    const PAIRS: [(&str, &str); 6] = [
        ("yes", "no"),
        ("true", "false"),
        ("y", "n"),
        ("t", "f"),
        ("on", "off"),
        ("1", "0"),
    ];
    PAIRS.iter().any(|(yes, no)| {
        (yes.eq_ignore_ascii_case(one) && no.eq_ignore_ascii_case(other))
            || (yes.eq_ignore_ascii_case(other) && no.eq_ignore_ascii_case(one))
    })
}

/// A hash that is the same on every machine and in every release (FNV-1a, its bits mixed).
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mixed(hash)
}

/// Bits of a number spread over all of it.
pub(crate) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

/// The beginning of a text from the file, for a message.
pub(crate) fn short(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_hides_no_word() {
        assert!(NEVER.iter().all(|word| never_a_value(word)));
        assert!(
            PERHAPS
                .iter()
                .all(|word| perhaps_missing(word) && !never_a_value(word))
        );
        assert!(!never_a_value("Nan") && !perhaps_missing("no"));
    }
}
