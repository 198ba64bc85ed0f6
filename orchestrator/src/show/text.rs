//! Small pieces of text.

pub(crate) use gauntlet_text::printable;

/// A digest as people read it: the first 12 digits.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A count and what is counted, in the plural where it is due.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Bytes in the unit that leaves one to three digits before the point.
pub(crate) fn bytes(count: u64) -> String {
    scaled(count, &["B", "KiB", "MiB", "GiB", "TiB"], 1024.0)
}

/// Metered work in the unit that leaves one to three digits before the point.
pub(crate) fn work(count: u64) -> String {
    scaled(count, &["", "k", "M", "G", "T", "P"], 1000.0)
}

fn scaled(count: u64, units: &[&str], step: f64) -> String {
    let mut value = count as f64;
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let number = if unit == 0 {
        format!("{count}")
    } else {
        format!("{value:.1}")
    };
    format!("{number} {}", units[unit]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_keep_at_most_three_digits_before_the_point() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(16 * 1024 * 1024), "16.0 MiB");
        assert_eq!(work(999), "999");
        assert_eq!(work(2_500_000_000), "2.5 G");
    }

    #[test]
    fn a_short_digest_is_a_prefix() {
        assert_eq!(short("0123456789abcdef"), "0123456789ab");
        assert_eq!(short("01"), "01");
    }
}
