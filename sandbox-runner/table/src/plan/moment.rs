//! Dates and times as people write them. Few numeric forms are read, each checked digit by digit:
//! which of them a column has is decided by all its cells, which a parser for one format at a time
//! cannot tell.

use serde::{Deserialize, Serialize};
use time::{Date, Month, PrimitiveDateTime, Time};

/// Order of a date's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// 2026-12-01, with a time of day or without.
    Ymd,
    /// 1.12.2026 or 01/12/2026.
    Dmy,
    /// 12/01/2026.
    Mdy,
}

impl DateOrder {
    /// All of them, the surest first.
    pub(crate) const ALL: [Self; 3] = [Self::Ymd, Self::Dmy, Self::Mdy];

    /// As people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ymd => "year-month-day",
            Self::Dmy => "day/month/year",
            Self::Mdy => "month/day/year",
        }
    }
}

/// Seconds since 1970 in UTC, where there is no zone as if it were UTC.
pub(crate) fn read(text: &str, order: DateOrder) -> Option<f64> {
    if !text.as_bytes().first()?.is_ascii_digit() || text.len() > 40 {
        return None;
    }
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = date.split(separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match order {
        DateOrder::Ymd => (a, b, c),
        DateOrder::Dmy => (c, b, a),
        DateOrder::Mdy => (c, a, b),
    };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let good = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse::<i32>().ok()).flatten()
    };
    let year = number(year, 4..=4)?;
    let month = Month::try_from(u8::try_from(number(month, 1..=2)?).ok()?).ok()?;
    let day = u8::try_from(number(day, 1..=2)?).ok()?;
    let date = Date::from_calendar_date(year, month, day).ok()?;
    let (time, offset) = time_of_day(rest.trim())?;
    let at = PrimitiveDateTime::new(date, time).assume_utc();
    Some(at.unix_timestamp() as f64 + f64::from(at.nanosecond()) * 1e-9 - offset)
}

/// A time of day and its zone's seconds.
fn time_of_day(text: &str) -> Option<(Time, f64)> {
    if text.is_empty() {
        return Some((Time::MIDNIGHT, 0.0));
    }
    let (text, offset) = match text.strip_suffix('Z').or_else(|| text.strip_suffix(" UTC")) {
        Some(rest) => (rest, 0.0),
        None => match text.rfind(['+', '-']) {
            Some(at) => {
                let zone = text[at + 1..].replace(':', "");
                let sign = if text.as_bytes()[at] == b'-' {
                    -1.0
                } else {
                    1.0
                };
                let digits = zone.bytes().all(|byte| byte.is_ascii_digit());
                let (hours, minutes) = match (digits, zone.len()) {
                    (true, 2) => (zone.parse::<f64>().ok()?, 0.0),
                    (true, 4) => (zone[..2].parse().ok()?, zone[2..].parse().ok()?),
                    _ => return None,
                };
                (
                    text[..at].trim_end(),
                    sign * (hours * 3600.0 + minutes * 60.0),
                )
            }
            None => (text, 0.0),
        },
    };
    let mut parts = text.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    if parts.next().is_some() || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let nanos = (seconds.fract() * 1e9) as u32;
    let time = Time::from_hms_nano(hour, minute, seconds as u8, nanos.min(999_999_999)).ok()?;
    Some((time, offset))
}

/// Parts of a moment that come again: month and weekday from 0, hour with its fraction.
pub(crate) fn parts(seconds: f64) -> Option<(u8, u8, f64)> {
    if !seconds.is_finite() || seconds.abs() > 2e11 {
        return None;
    }
    let at = time::OffsetDateTime::from_unix_timestamp(seconds.floor() as i64).ok()?;
    let month = u8::from(at.month()) - 1;
    let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
    Some((month, at.weekday().number_days_from_monday(), hour))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_read_in_their_order() {
        for (text, order, seconds) in [
            ("1970-01-02", DateOrder::Ymd, Some(86_400.0)),
            ("1970-01-01T01:00:00.5Z", DateOrder::Ymd, Some(3600.5)),
            ("1970-01-01 02:00:00+02:00", DateOrder::Ymd, Some(0.0)),
            ("2/1/1970", DateOrder::Dmy, Some(86_400.0)),
            ("2/1/1970", DateOrder::Mdy, Some(31.0 * 86_400.0)),
            ("13.01.1970", DateOrder::Dmy, Some(12.0 * 86_400.0)),
            ("13/01/1970", DateOrder::Mdy, None),
            ("1970-02-30", DateOrder::Ymd, None),
            ("1.5", DateOrder::Dmy, None),
            ("1970-01-01 25:00", DateOrder::Ymd, None),
        ] {
            assert_eq!(read(text, order), seconds, "{text}");
        }
        assert_eq!(parts(0.0), Some((0, 3, 0.0)));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text: String, digits in "[0-9:.TZ+ /-]{0,30}") {
            for order in DateOrder::ALL {
                let _ = (read(&text, order), read(&digits, order));
            }
        }
    }
}
