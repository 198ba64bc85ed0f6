//! When a series' tournaments start: a cron expression, in UTC.
//!
//! The crate `croner` reads the expression and searches the calendar; here it learns to do so
//! over the `time` crate's instants.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// A calendar that has been read.
pub(crate) struct Calendar(croner::Cron);

impl Calendar {
    /// Reads five fields (minute, hour, day of the month, month, day of the week) or a name
    /// such as `@weekly`. Seconds and years are not taken: the loop looks once a second or so,
    /// and a series ends when it is ended.
    pub(crate) fn read(text: &str) -> Result<Self, CronError> {
        // The crate passes over what is missing in a list: half a calendar is a slip.
        if text
            .split_whitespace()
            .any(|field| field.split(',').any(str::is_empty))
        {
            let what = "a list of a field has an empty item: a comma too many";
            return Err(CronError::InvalidPattern(what.to_owned()));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        Ok(Self(parser.parse(text)?))
    }

    /// The first date after `now`; none if there is none that the search finds.
    pub(crate) fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let now = Instant(now.to_offset(UtcOffset::UTC));
        self.0.find_next_occurrence(&now, false).ok().map(|at| at.0)
    }
}

/// An instant in UTC, where every time of the wall clock happens once.
#[derive(Clone)]
struct Instant(OffsetDateTime);

impl CronDateTime for Instant {
    fn to_civil(&self) -> CivilDateTime {
        let (date, time) = (self.0.date(), self.0.time());
        // Unchecked by `croner`: the `time` crate has seen to it that they exist.
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(
                date.year(),
                u8::from(date.month()).into(),
                date.day().into(),
            ),
            CivilTime::from_parts_unchecked(
                time.hour().into(),
                time.minute().into(),
                time.second().into(),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(self.0.weekday().number_days_from_sunday().into())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let small = |number: u32| u8::try_from(number).map_err(|_| CronError::InvalidDate);
        let month = small(civil.month())?
            .try_into()
            .map_err(|_| CronError::InvalidDate)?;
        let date = Date::from_calendar_date(civil.year(), month, small(civil.day())?)
            .map_err(|_| CronError::InvalidDate)?;
        let time = Time::from_hms(
            small(civil.hour())?,
            small(civil.minute())?,
            small(civil.second())?,
        )
        .map_err(|_| CronError::InvalidTime)?;
        let at = PrimitiveDateTime::new(date, time).assume_utc();
        Ok(Resolution::Single(Self(at)))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(Duration::seconds(seconds)).map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::Calendar;

    #[test]
    fn dates_follow_the_calendar_in_utc() {
        let next = |calendar, now| Calendar::read(calendar).unwrap().next_after(now);
        // A Wednesday.
        let now = datetime!(2026-07-29 10:00:00.5 UTC);
        for (calendar, date) in [
            ("0 9 * * MON", datetime!(2026-08-03 09:00 UTC)),
            ("@weekly", datetime!(2026-08-02 00:00 UTC)),
            ("*/20 * * * *", datetime!(2026-07-29 10:20 UTC)),
            ("0 12 L * *", datetime!(2026-07-31 12:00 UTC)),
            ("0 0 29 2 *", datetime!(2028-02-29 00:00 UTC)),
        ] {
            assert_eq!(next(calendar, now), Some(date), "{calendar}");
        }
        // A date that has come is not the next one; another offset is the same instant.
        let date = datetime!(2026-08-03 09:00 UTC);
        let later = Some(datetime!(2026-08-10 09:00 UTC));
        assert_eq!(next("0 9 * * MON", date), later);
        assert_eq!(next("0 9 * * MON", datetime!(2026-08-03 11:00 +2)), later);
        assert_eq!(next("0 0 30 2 *", now), None);
    }

    /// As docs/FORMATS.md has it; the dates were computed by another program.
    #[test]
    fn of_both_days_either_will_do_unless_both_are_asked_for() {
        // A Monday.
        let now = datetime!(2026-11-30 12:00 UTC);
        for (calendar, dates) in [
            (
                "0 9 13 * FRI",
                [
                    datetime!(2026-12-04 09:00 UTC),
                    datetime!(2026-12-11 09:00 UTC),
                    datetime!(2026-12-13 09:00 UTC),
                ],
            ),
            (
                "0 9 13 * +FRI",
                [
                    datetime!(2027-08-13 09:00 UTC),
                    datetime!(2028-10-13 09:00 UTC),
                    datetime!(2029-04-13 09:00 UTC),
                ],
            ),
            (
                "0 9 1-31 * MON",
                [
                    datetime!(2026-12-01 09:00 UTC),
                    datetime!(2026-12-02 09:00 UTC),
                    datetime!(2026-12-03 09:00 UTC),
                ],
            ),
            (
                "0 0 */2 * MON",
                [
                    datetime!(2026-12-01 00:00 UTC),
                    datetime!(2026-12-03 00:00 UTC),
                    datetime!(2026-12-05 00:00 UTC),
                ],
            ),
            (
                "0 9 ? * MON",
                [
                    datetime!(2026-12-07 09:00 UTC),
                    datetime!(2026-12-14 09:00 UTC),
                    datetime!(2026-12-21 09:00 UTC),
                ],
            ),
            (
                "0 9 * * 7",
                [
                    datetime!(2026-12-06 09:00 UTC),
                    datetime!(2026-12-13 09:00 UTC),
                    datetime!(2026-12-20 09:00 UTC),
                ],
            ),
            (
                "0  9 * *\tSUN-TUE",
                [
                    datetime!(2026-12-01 09:00 UTC),
                    datetime!(2026-12-06 09:00 UTC),
                    datetime!(2026-12-07 09:00 UTC),
                ],
            ),
            (
                "0 9 * * 1#2",
                [
                    datetime!(2026-12-14 09:00 UTC),
                    datetime!(2027-01-11 09:00 UTC),
                    datetime!(2027-02-08 09:00 UTC),
                ],
            ),
            (
                "0 9 * * 5L",
                [
                    datetime!(2026-12-25 09:00 UTC),
                    datetime!(2027-01-29 09:00 UTC),
                    datetime!(2027-02-26 09:00 UTC),
                ],
            ),
            (
                "0 9 LW * *",
                [
                    datetime!(2026-12-31 09:00 UTC),
                    datetime!(2027-01-29 09:00 UTC),
                    datetime!(2027-02-26 09:00 UTC),
                ],
            ),
            (
                "0 9 15W * *",
                [
                    datetime!(2026-12-15 09:00 UTC),
                    datetime!(2027-01-15 09:00 UTC),
                    datetime!(2027-02-15 09:00 UTC),
                ],
            ),
            (
                "*/40 * * * *",
                [
                    datetime!(2026-11-30 12:40 UTC),
                    datetime!(2026-11-30 13:00 UTC),
                    datetime!(2026-11-30 13:40 UTC),
                ],
            ),
            (
                "@annually",
                [
                    datetime!(2027-01-01 00:00 UTC),
                    datetime!(2028-01-01 00:00 UTC),
                    datetime!(2029-01-01 00:00 UTC),
                ],
            ),
        ] {
            let read = Calendar::read(calendar).unwrap();
            let mut at = now;
            for date in dates {
                at = read.next_after(at).unwrap();
                assert_eq!(at, date, "{calendar}");
            }
        }
        for never in ["0 0 31 2,4,6,9,11 *", "0 0 30 2 *"] {
            assert_eq!(
                Calendar::read(never).unwrap().next_after(now),
                None,
                "{never}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "9",
            "0 0 9 * * MON",
            "0 25 * * *",
            "0 9 * * MON 2030",
            "daily",
            "0 9 * * FRI-MON",
            "0 0 1/1 * MON",
            "0 9 * * MON,",
            "60 9 * * *",
            "0 24 * * *",
            "0 9 0 * *",
            "0 9 * 13 *",
            "0 9 * *",
            "@every 2h",
            "@reboot",
            "TZ=Europe/Berlin 0 9 * * MON",
            "CRON_TZ=Europe/Berlin 0 9 * * *",
        ] {
            assert!(Calendar::read(text).is_err(), "{text}");
        }
    }
}
