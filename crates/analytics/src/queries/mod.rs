//! Questions about recorded plans: from a request to what the store is asked, and back.

mod drivers;
mod fields;
mod plans;
mod rows;
mod summary;
mod token;
mod watch;

pub(crate) use drivers::list_drivers;
pub(crate) use plans::list_plans;
pub(crate) use rows::{Rows, get_plan};
pub(crate) use summary::summary;
pub(crate) use watch::{DEFAULT_HEARTBEAT, watch_plans};
