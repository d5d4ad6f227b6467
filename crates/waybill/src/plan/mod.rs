//! A plan, wherever it was made, and its three forms.

mod csv;
mod json;
mod table;

use std::io;

use domain::{DriverTraits, Records, Score, StreetLength, StreetName};
use proto::logistics::v1::{self as wire, Reason};

use crate::{meaning::Format, output::Out};

/// All assignments of a batch, what stayed behind, and the proof that no plan is better.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How shipment lines were read.
    pub(crate) street_name: StreetName,
    pub(crate) shipments: Records,
    pub(crate) drivers: Records,
    /// In the order of the shipments.
    pub(crate) pairs: Vec<Pair>,
    /// Shipments first, then drivers, each in order.
    pub(crate) unassigned: Vec<Unassigned>,
    /// The sum over the pairs.
    pub(crate) total: Score,
    /// What first come, first served reaches.
    pub(crate) greedy_total: Score,
    pub(crate) certificate: Certificate,
}

/// One shipment carried by one driver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// Place in the shipments.
    pub(crate) shipment: u32,
    /// Place in the drivers.
    pub(crate) driver: u32,
    pub(crate) score: Score,
}

/// A record that stayed behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unassigned {
    pub(crate) side: Side,
    /// Place in the shipments or the drivers.
    pub(crate) record: u32,
    pub(crate) reason: Reason,
    /// By how much its best score would have to rise to win it a place, where a place is permitted.
    pub(crate) price: Option<Score>,
}

/// Which side of a plan a record stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Shipment,
    Driver,
}

impl Side {
    /// As formats spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shipment => "shipment",
            Self::Driver => "driver",
        }
    }
}

/// Dual prices, one a class, ascending. They prove a plan optimal: see `assignment::Certificate`.
#[derive(Debug, Default)]
pub(crate) struct Certificate {
    pub(crate) shipments: Vec<(StreetLength, Score)>,
    pub(crate) drivers: Vec<(DriverTraits, Score)>,
}

impl Plan {
    /// Writes the plan; with `explain` also what would have changed it for those that stayed behind.
    pub(crate) fn write(&self, out: &mut Out, format: Format, explain: bool) -> io::Result<()> {
        match format {
            Format::Table => table::write(self, out, explain),
            Format::Csv => csv::write(self, out, explain),
            Format::Json => json::write(self, out, explain),
        }
    }

    fn records(&self, side: Side) -> &Records {
        match side {
            Side::Shipment => &self.shipments,
            Side::Driver => &self.drivers,
        }
    }

    /// Line and text of a record that stayed behind.
    fn left(&self, unassigned: &Unassigned) -> (u32, &str) {
        let records = self.records(unassigned.side);
        let record = unassigned.record as usize;
        (records.line(record), records.text(record))
    }
}

impl Unassigned {
    /// Why, as a sentence.
    pub(crate) fn sentence(&self) -> &'static str {
        proto::reason::sentence(self.side.into(), self.reason)
    }
}

impl From<Side> for wire::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Shipment => Self::Shipment,
            Side::Driver => Self::Driver,
        }
    }
}
