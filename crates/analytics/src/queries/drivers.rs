//! ListDrivers.

use prost::Message;
use proto::Violations;
use proto::analytics::v1::{ListDriversRequest, ListDriversResponse};
use tonic::Status;

use super::fields;
use super::token::Question;
use crate::store::{DriverKey, DriverOrder, DriverPlace, DriverQuery, DriverTotals};
use crate::{Analytics, wire};

/// The orders there are; the first is the default.
const ORDERS: [(&str, DriverOrder, bool); 6] = [
    ("total desc", DriverOrder::Total, true),
    ("total", DriverOrder::Total, false),
    ("assigned desc", DriverOrder::Assigned, true),
    ("assigned", DriverOrder::Assigned, false),
    ("name", DriverOrder::Name, false),
    ("name desc", DriverOrder::Name, true),
];

/// A page of drivers.
pub(crate) async fn list_drivers(
    analytics: &Analytics,
    request: ListDriversRequest,
) -> Result<ListDriversResponse, Status> {
    let mut violations = Violations::new();
    let page = fields::page_size(request.page_size, &mut violations);
    let filter = request.filter.unwrap_or_default();
    let run = fields::run("filter.run", &filter.run, &mut violations);
    let day = fields::day("filter.day", &filter.day, &mut violations).map(|day| day.number());
    let contains = fields::text("filter.driver", &filter.driver, &mut violations);
    let by = request.order_by.as_str();
    let known = ORDERS.iter().find(|(name, ..)| *name == by || by.is_empty());
    let (name, order, descending) = *known.unwrap_or_else(|| {
        let names: Vec<String> = ORDERS.iter().map(|(name, ..)| format!("{name:?}")).collect();
        violations.add("order_by", format!("is {by:?}, not one of {}", names.join(", ")));
        &ORDERS[0]
    });
    let question = Question::new(&[b"drivers", &filter.encode_to_vec(), name.as_bytes()]);
    let mut after = None;
    if !request.page_token.is_empty() {
        let place = question.place(&request.page_token);
        match place.map(|place| place_of(order, &place)) {
            Ok(Some(place)) => after = Some(place),
            Ok(None) => violations.add("page_token", "is not a token of this service"),
            Err(problem) => violations.add("page_token", problem),
        }
    }
    if let Some(status) = violations.into_status() {
        return Err(status);
    }
    let query = DriverQuery { run, day, contains, order, descending, after, limit: page + 1 };
    let mut drivers = analytics.store.drivers(query).await?;
    let more = drivers.len() > page as usize;
    drivers.truncate(page as usize);
    let next_page_token = match drivers.last() {
        Some(last) if more => question.token(&bytes_of(order, last)),
        _ => String::new(),
    };
    let drivers = drivers.into_iter().map(wire::driver).collect();
    Ok(ListDriversResponse { drivers, next_page_token })
}

/// A place as bytes: whether the key is an id, its length, the key, then the value.
fn bytes_of(order: DriverOrder, driver: &DriverTotals) -> Vec<u8> {
    let key = driver.key.text.as_bytes();
    let mut bytes = vec![u8::from(driver.key.by_id)];
    bytes.extend((key.len() as u32).to_be_bytes());
    bytes.extend(key);
    match order {
        DriverOrder::Total => bytes.extend(driver.total_quarters.to_be_bytes()),
        DriverOrder::Assigned => bytes.extend(driver.assigned.to_be_bytes()),
        DriverOrder::Name => bytes.extend(driver.name.as_bytes()),
    }
    bytes
}

fn place_of(order: DriverOrder, bytes: &[u8]) -> Option<DriverPlace> {
    let (by_id, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let key = DriverKey { by_id: *by_id != 0, text: text(key)? };
    Some(match order {
        DriverOrder::Name => DriverPlace::Name(text(value)?, key),
        DriverOrder::Total | DriverOrder::Assigned => {
            let number = u64::from_be_bytes(value.try_into().ok()?);
            // What the store holds is no larger.
            i64::try_from(number).ok()?;
            DriverPlace::Number(number, key)
        }
    })
}
