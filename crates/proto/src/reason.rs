//! Why a record stayed behind, in words: the same on the command line, in the files and on the page.

use crate::logistics::v1::{Reason, Side};

/// Why a record of this side stayed behind, as a clause.
pub fn sentence(side: Side, reason: Reason) -> &'static str {
    let driver = side == Side::Driver;
    match reason {
        Reason::NoneLeft if driver => "every shipment is worth as much or more elsewhere",
        Reason::NoneLeft => "every driver is worth as much or more elsewhere",
        Reason::ScoresNothing if driver => "it scores 0 with every shipment",
        Reason::ScoresNothing => "it scores 0 with every driver",
        Reason::NonePermitted if driver => "there is no shipment to take",
        Reason::NonePermitted => "there is no driver to take it",
        Reason::Unspecified => "the reason is not known",
    }
}
