//! Rosters: kept lists of drivers.

use domain::Records;
use proto::{Violations, producer::v1::CreateRosterRequest};

use crate::{
    error::Error,
    moment::Moment,
    request::{check_name, check_side, read_drivers},
    source::{columns, roster_page},
    store::{KeptRoster, Origin, Store},
};

/// What a request for a roster means.
///
/// # Errors
/// `Invalid`, with every bad field.
pub(crate) fn read(request: &CreateRosterRequest, create: Moment) -> Result<KeptRoster, Error> {
    let mut violations = Violations::new();
    check_name("name", &request.name, &mut violations);
    let (drivers, origin) = match (&request.synthetic, request.drivers.is_empty()) {
        (Some(synthetic), true) => {
            check_side("synthetic.drivers", synthetic.drivers, &mut violations);
            (synthetic.drivers, Origin::Seed(synthetic.seed))
        }
        (Some(_), false) => {
            violations.add("drivers", "not together with synthetic");
            (0, Origin::Seed(0))
        }
        (None, true) => {
            violations.add("drivers", "is empty, and synthetic is missing too");
            (0, Origin::Seed(0))
        }
        (None, false) => {
            let drivers = read_drivers("drivers", &request.drivers, &mut violations);
            (drivers.len() as u32, Origin::Given(columns::to_bytes(&drivers)))
        }
    };
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    Ok(KeptRoster { name: request.name.clone(), drivers, create: create.whole_ms(), origin })
}

/// Keeps a roster, unless the same is there.
///
/// # Errors
/// `OtherRoster`, `Store`.
pub(crate) fn create(store: &Store, roster: &KeptRoster) -> Result<KeptRoster, Error> {
    store.insert_roster(roster)?.ok_or_else(|| Error::OtherRoster(roster.name.clone()))
}

/// A roster with at most `count` of its drivers from the one at `first` on.
///
/// # Errors
/// `NoRoster`, `Store`.
pub(crate) fn page(
    store: &Store,
    name: &str,
    first: u32,
    count: u32,
) -> Result<(KeptRoster, Records), Error> {
    let roster = store.find_roster(name)?.ok_or_else(|| Error::NoRoster(name.to_owned()))?;
    let page = roster_page(&roster, store, first, count)?;
    Ok((roster, page))
}
