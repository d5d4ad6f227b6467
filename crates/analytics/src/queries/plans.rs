//! ListPlans.

use std::collections::HashMap;

use prost::Message;
use proto::Violations;
use proto::analytics::v1::{ListPlansRequest, ListPlansResponse};
use proto::logistics::v1::{PlanPart, Side};
use tonic::Status;

use super::fields::{self, PlanName};
use super::token::Question;
use crate::store::{PlanQuery, StoredPart, StoredPlan};
use crate::text::Needle;
use crate::{Analytics, Error, wire};

/// Bytes of rows that are searched for one page at most; then the page ends early with a token.
const SEARCHED_BYTES: usize = 32 * 1024 * 1024;

/// Plans that are passed over by their ids for one page at most; then it ends early too.
const PASSED_OVER: usize = 65_536;

/// Plans that are looked at together.
const AT_ONCE: u32 = 256;

/// Bytes of rows that are in memory together.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// Where to go on: a plan, and for a search the part of it and what was found in the parts before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    sequence: u64,
    part: u32,
    found: u8,
}

impl Cursor {
    fn plan(sequence: u64) -> Cursor {
        Cursor { sequence, part: 0, found: 0 }
    }

    fn to_bytes(self) -> [u8; 13] {
        let mut bytes = [0; 13];
        bytes[..8].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.part.to_be_bytes());
        bytes[12] = self.found;
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Option<Cursor> {
        Some(Cursor {
            sequence: u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?),
            part: u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?),
            found: *bytes.get(12).filter(|_| bytes.len() == 13)?,
        })
    }
}

/// A page of plans.
pub(crate) async fn list_plans(
    analytics: &Analytics,
    request: ListPlansRequest,
) -> Result<ListPlansResponse, Status> {
    let mut violations = Violations::new();
    let page = fields::page_size(request.page_size, &mut violations);
    let filter = request.filter.unwrap_or_default();
    let run = fields::run("filter.run", &filter.run, &mut violations);
    let day = fields::day("filter.day", &filter.day, &mut violations);
    let driver = fields::text("filter.driver", &filter.driver, &mut violations);
    let text = fields::text("filter.text", &filter.text, &mut violations);
    let named = fields::plan("filter.plan", &filter.plan, &mut violations);
    let newest_first = match request.order_by.as_str() {
        "" | "sequence desc" => true,
        "sequence" => false,
        other => {
            violations
                .add("order_by", format!("is {other:?}, not \"sequence desc\" or \"sequence\""));
            true
        }
    };
    let question = Question::new(&[b"plans", &filter.encode_to_vec(), &[u8::from(newest_first)]]);
    let mut cursor = Cursor::plan(if newest_first { u64::MAX } else { 0 });
    if !request.page_token.is_empty() {
        let place = question.place(&request.page_token);
        match place.map(|place| Cursor::of_bytes(&place)) {
            Ok(Some(place)) => cursor = place,
            Ok(None) => violations.add("page_token", "is not a token of this service"),
            Err(problem) => violations.add("page_token", problem),
        }
    }
    if let Some(status) = violations.into_status() {
        return Err(status);
    }

    let (only, end) = match named {
        None => (0..u64::MAX, None),
        Some(PlanName::Number(sequence)) => (sequence..sequence + 1, None),
        Some(PlanName::Batch(batch_id)) => match analytics.store.plan(batch_id).await? {
            Some(plan) => (plan.sequence..plan.sequence + 1, None),
            None => return Ok(ListPlansResponse::default()),
        },
        Some(PlanName::End(end)) => (0..u64::MAX, Some(end)),
    };
    let range = |from: Cursor, limit| PlanQuery {
        sequences: if newest_first {
            only.start..only.end.min(from.sequence.saturating_add(1))
        } else {
            only.start.max(from.sequence)..only.end
        },
        run,
        recorded: day.as_ref().map(fields::Day::moments),
        newest_first,
        limit,
    };
    let search = Search::new(end, driver.as_deref(), text.as_deref());
    let (plans, next) = match search {
        None => {
            let mut plans = analytics.store.plans(range(cursor, page + 1)).await?;
            let next = plans.get(page as usize).map(|plan| Cursor::plan(plan.sequence));
            plans.truncate(page as usize);
            (plans, next)
        }
        Some(search) => found(analytics, &search, cursor, page as usize, range).await?,
    };
    Ok(ListPlansResponse {
        plans: plans.iter().map(wire::plan).collect(),
        next_page_token: next.map(|next| question.token(&next.to_bytes())).unwrap_or_default(),
    })
}

/// Plans whose ids and rows have what is looked for, until the page is full, enough was searched, or all was.
async fn found(
    analytics: &Analytics,
    search: &Search,
    mut cursor: Cursor,
    page: usize,
    range: impl Fn(Cursor, u32) -> PlanQuery,
) -> Result<(Vec<StoredPlan>, Option<Cursor>), Error> {
    let mut plans: Vec<StoredPlan> = Vec::new();
    let (mut searched, mut passed_over) = (0, 0);
    loop {
        let mut candidates = analytics.store.plans(range(cursor, AT_ONCE)).await?;
        let Some(end) = candidates.last().map(|plan| plan.sequence) else {
            return Ok((plans, None));
        };
        let all = candidates.len();
        candidates.retain(|plan| search.may_be(plan));
        passed_over += all - candidates.len();
        let sequences: Vec<u64> = candidates.iter().map(|plan| plan.sequence).collect();
        let wanted = page - plans.len();
        let (matches, rest) = match sequences.first() {
            Some(&first) if search.is_in_rows() => {
                // The plan of the cursor may not be there any more when it is of the future: begin at its first.
                let begin = if first == cursor.sequence { cursor } else { Cursor::plan(first) };
                let parts =
                    analytics.store.parts(sequences.clone(), begin.part, BYTES_AT_ONCE).await?;
                searched += parts.iter().map(|part| part.body.len()).sum::<usize>();
                let search = search.clone();
                let look = move || search.matches(&parts, begin.found, wanted);
                analytics.workers.run(look).await??
            }
            _ => (sequences.iter().copied().take(wanted).collect(), Rest::Full),
        };
        let mut by_sequence: HashMap<u64, StoredPlan> =
            candidates.into_iter().map(|plan| (plan.sequence, plan)).collect();
        let last = matches.last().copied();
        plans.extend(matches.iter().filter_map(|sequence| by_sequence.remove(sequence)));
        let after = |sequence: u64| {
            let at = sequences.iter().position(|other| *other == sequence)?;
            sequences.get(at + 1).copied().map(Cursor::plan)
        };
        let next = match rest {
            Rest::Within(cursor) => Some(cursor),
            Rest::After(sequence) => after(sequence),
            Rest::Full => last.and_then(after),
        };
        // Behind the last candidate there may be more than were asked for together.
        cursor = match next {
            Some(next) => next,
            None => match beyond(end, cursor, &range) {
                Some(next) => next,
                None => return Ok((plans, None)),
            },
        };
        if plans.len() >= page || searched >= SEARCHED_BYTES || passed_over >= PASSED_OVER {
            return Ok((plans, Some(cursor)));
        }
    }
}

/// The place right behind a plan, in the direction of the query.
fn beyond(end: u64, before: Cursor, range: &impl Fn(Cursor, u32) -> PlanQuery) -> Option<Cursor> {
    let next = if range(before, 1).newest_first { end.checked_sub(1)? } else { end + 1 };
    (next > 0).then_some(Cursor::plan(next))
}

/// What is looked for in the id and the rows of a plan; all of it must be there.
#[derive(Clone)]
struct Search {
    /// The end of its batch's id.
    end: Option<String>,
    driver: Option<Needle>,
    text: Option<Needle>,
}

const DRIVER: u8 = 1;
const TEXT: u8 = 2;

/// What is left of the parts that were searched.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// The last match ends the page, or the candidates.
    Full,
    /// Everything up to the end of this plan was searched.
    After(u64),
    /// In the middle of a plan.
    Within(Cursor),
}

impl Search {
    fn new(end: Option<String>, driver: Option<&str>, text: Option<&str>) -> Option<Search> {
        let needle = |text: Option<&str>| text.map(Needle::new);
        let search = Search { end, driver: needle(driver), text: needle(text) };
        (search.end.is_some() || search.is_in_rows()).then_some(search)
    }

    /// Whether rows have to be looked at.
    fn is_in_rows(&self) -> bool {
        self.driver.is_some() || self.text.is_some()
    }

    /// Whether the plan is one by its id.
    fn may_be(&self, plan: &StoredPlan) -> bool {
        let id = || plan.facts.batch_id.to_string();
        self.end.as_ref().is_none_or(|end| id().ends_with(end))
    }

    /// The plans that match, at most `wanted`.
    fn matches(
        &self,
        parts: &[StoredPart],
        found_before: u8,
        wanted: usize,
    ) -> Result<(Vec<u64>, Rest), Error> {
        let wanted_of = |needle: &Option<Needle>, bit| if needle.is_some() { bit } else { 0 };
        let all = wanted_of(&self.driver, DRIVER) | wanted_of(&self.text, TEXT);
        let mut matches: Vec<u64> = Vec::new();
        let mut rest = Rest::Full;
        let mut found = found_before;
        for part in parts {
            if part.part == 0 {
                found = 0;
            }
            if found != all {
                let rows = decode(part)?;
                found |= self.look(&rows);
                rest = if rows.more {
                    let (sequence, next) = (part.sequence, part.part + 1);
                    Rest::Within(Cursor { sequence, part: next, found })
                } else {
                    Rest::After(part.sequence)
                };
            }
            // The parts behind the one that decided are not needed.
            if found == all && matches.last() != Some(&part.sequence) {
                matches.push(part.sequence);
                if matches.len() == wanted {
                    return Ok((matches, Rest::Full));
                }
            }
            if found == all {
                rest = Rest::After(part.sequence);
            }
        }
        Ok((matches, rest))
    }

    /// What of it is in these rows.
    fn look(&self, rows: &PlanPart) -> u8 {
        let mut found = 0;
        if let Some(needle) = &self.driver {
            let drivers = rows.assignments.iter().filter_map(|pair| pair.driver.as_ref());
            if drivers.into_iter().any(|d| needle.is_in(&d.name) || needle.is_in(&d.id)) {
                found |= DRIVER;
            }
        }
        if let Some(needle) = &self.text {
            let mut shipments = rows.assignments.iter().filter_map(|pair| pair.shipment.as_ref());
            let mut left = rows.unassigned.iter().filter(|left| left.side() == Side::Shipment);
            if shipments.any(|s| needle.is_in(&s.address) || needle.is_in(&s.id))
                || left.any(|left| needle.is_in(&left.text) || needle.is_in(&left.id))
            {
                found |= TEXT;
            }
        }
        found
    }
}

/// A part of a plan as it was kept.
pub(super) fn decode(part: &StoredPart) -> Result<PlanPart, Error> {
    PlanPart::decode(part.body.clone()).map_err(|error| Error::Unreadable {
        sequence: part.sequence,
        part: part.part,
        reason: error.to_string(),
    })
}
