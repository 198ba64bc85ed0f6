//! Numbers as people write them.

/// Largest whole number up to which a float tells all whole numbers apart.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// Words before a number that are money's.
const BEFORE: [&str; 14] = [
    "$", "€", "£", "¥", "₹", "US$", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "R$",
];
/// Words behind a number: money and units. Others stay texts, because `3rd` and `12b` are codes.
const BEHIND: [&str; 46] = [
    "%", "‰", "$", "€", "£", "¥", "₹", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "SEK",
    "NOK", "DKK", "PLN", "kg", "g", "mg", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft",
    "km/h", "mph", "°C", "°F", "°", "ms", "min", "hrs", "kW", "kWh", "hPa", "ml", "mL", "l", "L",
    "m²",
];

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Written<'a> {
    /// Where the decimal separator is a point and thousands may be separated by commas.
    pub(crate) point: Option<f64>,
    /// Where it is a comma and thousands may be separated by points.
    pub(crate) comma: Option<f64>,
    /// Money or unit around it; empty if there is none.
    pub(crate) affix: &'a str,
    /// Whether it is nothing but digits with a sign and a point, as programs write it.
    pub(crate) plain: bool,
    /// Whether it is written as a whole number.
    pub(crate) whole: bool,
    /// Whether it begins with zeros that a number loses.
    pub(crate) zeros: bool,
    /// Whether it is a whole number that a float merges with its neighbours.
    pub(crate) beyond: bool,
}

/// What a text says, if that is a finite number.
pub(crate) fn written(text: &str) -> Option<Written<'_>> {
    let first = text.as_bytes().first()?;
    if is_plain(text) {
        let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
        let digits = text.trim_start_matches(['-', '+']);
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        return Some(Written {
            point: Some(value),
            comma: if whole {
                Some(value)
            } else {
                grouped(digits).then(|| separated(text, ',', '.')).flatten()
            },
            affix: "",
            plain: true,
            whole,
            zeros: whole && digits.len() > 1 && digits.starts_with('0'),
            beyond: whole && value.abs() >= EXACT,
        });
    }
    // Words, the usual case in columns of texts, end here.
    if first.is_ascii_alphabetic() && !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (bare, affix) = without_affix(text);
    let point = separated(bare, '.', ',');
    let comma = separated(bare, ',', '.');
    let value = point.or(comma)?;
    Some(Written {
        point,
        comma,
        affix,
        plain: false,
        whole: value.fract() == 0.0,
        zeros: false,
        beyond: value.abs() >= EXACT,
    })
}

/// Reads a text as a number with this decimal separator and this affix or none.
pub(crate) fn read(text: &str, comma: bool, affix: &str) -> Option<f64> {
    let written = written(text)?;
    let value = if comma { written.comma } else { written.point };
    value.filter(|_| written.affix.is_empty() || written.affix == affix)
}

/// Whether a program wrote it: sign, digits, point, exponent.
fn is_plain(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().all(|byte| {
        digits += usize::from(byte.is_ascii_digit());
        byte.is_ascii_digit()
            || matches!(byte, b'.' | b'-' | b'+')
            || (digits > 0 && matches!(byte, b'e' | b'E'))
    }) && digits > 0
}

/// Whether points may separate thousands: most decimals are told apart here, without more work.
fn grouped(digits: &str) -> bool {
    digits.len() > 4 && digits.as_bytes()[digits.len() - 4] == b'.'
}

/// The text without money or unit around it, and what that was.
fn without_affix(text: &str) -> (&str, &str) {
    let blank = |c: char| c.is_whitespace();
    let text = text.trim_matches(blank);
    for word in BEFORE {
        if let Some(rest) = text.strip_prefix(word) {
            return (rest.trim_start_matches(blank), word);
        }
    }
    let number_ends = text
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map_or(0, |at| at + 1);
    let behind = text[number_ends..].trim_matches(blank);
    match BEHIND.iter().find(|word| **word == behind) {
        Some(_) => (&text[..number_ends], behind),
        None => (text, ""),
    }
}

/// A number whose thousands, if they are separated, are separated rightly.
fn separated(text: &str, decimal: char, thousands: char) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_whitespace());
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = text.split_once(decimal).unwrap_or((text, ""));
    let (fraction, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => fraction.split_at(at),
        None => (fraction, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_separator = |c: char| c == thousands || c == '\'' || c == '’' || c.is_whitespace();
    let mut groups = whole.split(is_separator);
    let first = groups.next()?;
    let mut digits = String::with_capacity(text.len() + 1);
    if negative {
        digits.push('-');
    }
    digits.push_str(first);
    let mut grouped = false;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        grouped = true;
        digits.push_str(group);
    }
    let good = is_digits(&digits[usize::from(negative)..])
        && is_digits(fraction)
        && (!grouped || (1..=3).contains(&first.len()))
        && first.len() + fraction.len() > 0;
    if !good {
        return None;
    }
    if !fraction.is_empty() {
        digits.push('.');
        digits.push_str(fraction);
    }
    digits.push_str(exponent);
    digits.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_is_read() {
        for (text, point, comma) in [
            ("12", Some(12.0), Some(12.0)),
            ("-1.5", Some(-1.5), None),
            ("1e3", Some(1000.0), None),
            ("1,299.00", Some(1299.0), None),
            ("1.299,00", None, Some(1299.0)),
            ("1,5", None, Some(1.5)),
            ("1,500", Some(1500.0), Some(1.5)),
            ("1.500", Some(1.5), Some(1500.0)),
            ("−3.25", Some(-3.25), None),
            ("12\u{a0}345", Some(12345.0), Some(12345.0)),
            ("$7192", Some(7192.0), Some(7192.0)),
            ("12,34,5", None, None),
            ("1.2.3", None, None),
            ("12-3", None, None),
        ] {
            let read = written(text);
            assert_eq!(read.and_then(|w| w.point), point, "{text}");
            assert_eq!(read.and_then(|w| w.comma), comma, "{text}");
        }
        assert_eq!(written("1.299,00 EUR").unwrap().affix, "EUR");
        assert_eq!(read("1.299,00 EUR", true, "EUR"), Some(1299.0));
        assert_eq!(read("95.1 kg", false, ""), None);
        assert_eq!(read("12.5%", false, "%"), Some(12.5));
        assert_eq!(read("80 km/h", false, "km/h"), Some(80.0));
    }

    #[test]
    fn codes_are_not_numbers() {
        for text in [
            "A12",
            "3rd",
            "<0.5",
            "inf",
            "-inf",
            "nan",
            "",
            "-",
            "1 2",
            "12:30",
            "e5",
            "2007-11-11",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
        assert!(written("00123").unwrap().zeros);
        assert!(!written("0").unwrap().zeros);
        assert!(written("9007199254740993").unwrap().beyond);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text: String) {
            let _ = written(&text);
        }

        #[test]
        fn a_number_comes_back(value: f64) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(read(&value.to_string(), false, ""), Some(value));
        }
    }
}
