//! Fields that several requests have.

use std::ops::Range;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use proto::{BatchId, RunId, Violations};

/// Items on a page where the request does not say.
const PAGE: u32 = 50;

/// Items on a page at most.
const LARGEST_PAGE: i32 = 1000;

/// Bytes of a text that is looked for at most; no record is longer.
const TEXT_BYTES: usize = domain::MAX_RECORD_BYTES;

pub(super) fn page_size(size: i32, violations: &mut Violations) -> u32 {
    match size {
        0 => PAGE,
        1..=LARGEST_PAGE => size.unsigned_abs(),
        _ => {
            violations.add("page_size", format!("is {size}, not 0 to {LARGEST_PAGE}"));
            PAGE
        }
    }
}

/// A run's id; empty is none.
pub(super) fn run(field: &str, text: &str, violations: &mut Violations) -> Option<RunId> {
    if text.is_empty() {
        return None;
    }
    text.parse()
        .map_err(|problem: proto::InvalidId| violations.add(field, problem.to_string()))
        .ok()
}

/// A day in UTC; empty is none.
pub(super) fn day(field: &str, text: &str, violations: &mut Violations) -> Option<Day> {
    if text.is_empty() {
        return None;
    }
    let day = Day::parse(text);
    if day.is_none() {
        violations.add(field, "is not a day as YYYY-MM-DD");
    }
    day
}

/// A plan, by as much of its names as was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlanName {
    /// Its sequence.
    Number(u64),
    /// Its batch.
    Batch(BatchId),
    /// The end of its batch's id, in lower case.
    End(String),
}

/// Digits of a plan's number at most: from here on they are the end of an id.
const NUMBER_DIGITS: usize = 11;

/// Characters of the end of an id at least: fewer say next to nothing.
const END_CHARS: usize = 4;

/// Which plan is meant; empty is any.
pub(super) fn plan(field: &str, text: &str, violations: &mut Violations) -> Option<PlanName> {
    let is = |of: fn(&u8) -> bool| text.bytes().all(|byte| of(&byte));
    if text.is_empty() {
        None
    } else if text.len() <= NUMBER_DIGITS && is(u8::is_ascii_digit) {
        text.parse().ok().map(PlanName::Number)
    } else if let Ok(batch) = text.parse() {
        Some(PlanName::Batch(batch))
    } else if (END_CHARS..36).contains(&text.len()) && is(|b| b.is_ascii_hexdigit() || *b == b'-') {
        Some(PlanName::End(text.to_ascii_lowercase()))
    } else {
        violations.add(
            field,
            "is neither a plan's number nor a batch id, nor 4 or more characters of its end",
        );
        None
    }
}

/// A text that is looked for; empty is none.
pub(super) fn text(field: &str, text: &str, violations: &mut Violations) -> Option<String> {
    if text.len() > TEXT_BYTES {
        violations.add(field, format!("is {} bytes, more than {TEXT_BYTES}", text.len()));
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// A day in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day(Range<Timestamp>);

impl Day {
    fn parse(text: &str) -> Option<Day> {
        // Date reads more forms than this one.
        let digits = text.len() == 10
            && text.bytes().enumerate().all(|(i, byte)| match i {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let day: Date = text.parse().ok().filter(|_| digits)?;
        let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
        Some(Day(midnight(day)?..midnight(day.checked_add(1.day()).ok()?)?))
    }

    pub(super) fn moments(&self) -> Range<Timestamp> {
        self.0.clone()
    }

    /// Counted from 1970-01-01.
    pub(super) fn number(&self) -> i32 {
        crate::store::day_of(self.0.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_in_one_form_only() {
        let day = Day::parse("1970-01-02").unwrap();
        assert_eq!(day.number(), 1);
        assert_eq!(day.moments().end.as_second(), 2 * 86_400);
        for bad in
            ["2026-02-30", "20260220", "2026-2-20", "2026-02-20T00:00", "today", "+02026-02-2"]
        {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_plan_is_meant_by_its_number_its_batch_or_the_end_of_that() {
        let read = |text: &str| {
            let mut violations = Violations::new();
            let meant = plan("plan", text, &mut violations);
            violations.is_empty().then_some(meant)
        };
        let id = "01a21cf3-e71c-7000-8000-003f0c8b0f0c";
        let end = |text: &str| Some(Some(PlanName::End(text.to_owned())));
        assert_eq!(read(""), Some(None));
        assert_eq!(read("99999999999"), Some(Some(PlanName::Number(99_999_999_999))));
        assert_eq!(read("000000000012"), end("000000000012"));
        assert_eq!(read(id), Some(Some(PlanName::Batch(id.parse().unwrap()))));
        assert_eq!(read("0F0C"), end("0f0c"));
        assert_eq!(read(&id[1..]), end(&id[1..]));
        for bad in ["0fc", "oak street", "-1 2", &format!("{id}0"), "é00c"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_page_has_one_to_a_thousand_items() {
        let checked = |size| {
            let mut violations = Violations::new();
            (page_size(size, &mut violations), violations.is_empty())
        };
        assert_eq!([checked(0), checked(1), checked(1000)], [(50, true), (1, true), (1000, true)]);
        assert!(!checked(-1).1 && !checked(1001).1);
    }
}
