//! Numbers and times as people read them.

use time::OffsetDateTime;
use time::macros::format_description;

/// A score with four decimals.
pub(crate) fn score(value: f64) -> String {
    format!("{value:.4}")
}

/// A score for a narrow cell: three decimals, without the zero before the point.
pub(crate) fn short_score(value: f64) -> String {
    let text = format!("{value:.3}");
    match text.strip_prefix("0.") {
        Some(rest) => format!(".{rest}"),
        None => text,
    }
}

/// A difference with its sign.
pub(crate) fn signed(value: f64) -> String {
    format!("{value:+.4}")
}

/// A count with a decimal prefix: `1.25 G`.
pub(crate) fn count(value: u64) -> String {
    scaled(value, 1000.0, ["", "k", "M", "G", "T", "P", "E"])
}

/// Bytes with a binary prefix: `1.25 MiB`.
pub(crate) fn bytes(value: u64) -> String {
    scaled(
        value,
        1024.0,
        ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"],
    )
}

fn scaled(value: u64, base: f64, units: [&str; 7]) -> String {
    let mut scaled = value as f64;
    let mut unit = 0;
    // 999.5 would be shown as 1000, so it moves up as well.
    while scaled >= base - 0.5 && unit + 1 < units.len() {
        scaled /= base;
        unit += 1;
    }
    let digits = match scaled {
        _ if unit == 0 => 0,
        s if s < 9.995 => 2,
        s if s < 99.95 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$} {}", units[unit])
        .trim_end()
        .to_owned()
}

/// A duration given in microseconds.
pub(crate) fn micros(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} µs"),
        1_000..1_000_000 => format!("{:.1} ms", value as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", value as f64 / 1e6),
        _ => {
            let seconds = value / 1_000_000;
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// A share from 0 to 1 as whole per cent, kept between 0 and 100.
pub(crate) fn percent(share: f64) -> u32 {
    if share.is_finite() {
        (share.clamp(0.0, 1.0) * 100.0).round() as u32
    } else {
        0
    }
}

/// A time to the minute, in UTC.
pub(crate) fn time(value: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    value
        .to_offset(time::UtcOffset::UTC)
        .format(&format)
        .unwrap_or_else(|_| String::from("unknown"))
}

/// A machine name for people: `budget_exceeded` becomes `budget exceeded`.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_three_digits() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1.00 k");
        assert_eq!(count(12_340_000), "12.3 M");
        assert_eq!(count(999_600), "1.00 M");
        assert_eq!(count(u64::MAX), "18.4 E");
        assert_eq!(bytes(1024 * 1024), "1.00 MiB");
        assert_eq!(bytes(17), "17 B");
    }

    #[test]
    fn durations_change_unit() {
        assert_eq!(micros(12), "12 µs");
        assert_eq!(micros(12_340), "12.3 ms");
        assert_eq!(micros(1_500_000), "1.50 s");
        assert_eq!(micros(61_000_000), "1 min 01 s");
    }

    #[test]
    fn scores_fit_their_cells() {
        assert_eq!(short_score(0.9684), ".968");
        assert_eq!(short_score(1.0), "1.000");
        assert_eq!(short_score(-0.25), "-0.250");
        assert_eq!(percent(f64::NAN), 0);
        assert_eq!(percent(7.0), 100);
    }
}
