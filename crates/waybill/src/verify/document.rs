//! A plan as JSON has it, in exact quarter points.

use std::{borrow::Cow, num::NonZeroU32};

use domain::{DriverTraits, Score, StreetLength, StreetName};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::meaning;

/// What is read of the document; anything else in it is passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    #[serde(deserialize_with = "points")]
    pub(super) total: Score,
    #[serde(borrow)]
    pub(super) pairs: Vec<Pair<'a>>,
    #[serde(borrow, default)]
    pub(super) unassigned: Vec<Unassigned<'a>>,
    /// How many records the batch has, where it is said.
    pub(super) shipments: Option<usize>,
    pub(super) drivers: Option<usize>,
    #[serde(default, deserialize_with = "some_points")]
    pub(super) greedy_total: Option<Score>,
    #[serde(default, deserialize_with = "street_name")]
    pub(super) street_name: StreetName,
    pub(super) certificate: Option<Certificate>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pair<'a> {
    shipment_line: NonZeroU32,
    #[serde(borrow)]
    shipment: Cow<'a, str>,
    driver_line: NonZeroU32,
    #[serde(borrow)]
    driver: Cow<'a, str>,
    #[serde(deserialize_with = "points")]
    pub(super) score: Score,
}

#[derive(Debug, Deserialize)]
pub(super) struct Unassigned<'a> {
    side: Side,
    line: NonZeroU32,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    Shipment,
    Driver,
}

#[derive(Debug, Deserialize)]
pub(super) struct Certificate {
    pub(super) shipments: Vec<ShipmentPrice>,
    pub(super) drivers: Vec<DriverPrice>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShipmentPrice {
    length: u32,
    #[serde(deserialize_with = "points")]
    pub(super) price: Score,
}

#[derive(Debug, Deserialize)]
pub(super) struct DriverPrice {
    length: u32,
    vowels: u32,
    consonants: u32,
    #[serde(deserialize_with = "points")]
    pub(super) price: Score,
}

/// A record, wherever it stands in the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordAt<'a> {
    pub(super) line: u32,
    pub(super) text: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// All shipments: those with a driver first.
    pub(super) fn all_shipments(&self) -> impl Iterator<Item = RecordAt<'_>> {
        self.pairs.iter().map(Pair::shipment).chain(self.left(Side::Shipment))
    }

    /// All drivers: those with a shipment first.
    pub(super) fn all_drivers(&self) -> impl Iterator<Item = RecordAt<'_>> {
        self.pairs.iter().map(Pair::driver).chain(self.left(Side::Driver))
    }

    /// What stayed behind on a side.
    pub(super) fn left(&self, side: Side) -> impl Iterator<Item = RecordAt<'_>> {
        let of_side = self.unassigned.iter().filter(move |left| left.side == side);
        of_side.map(|left| RecordAt { line: left.line.get(), text: &left.text })
    }
}

impl Pair<'_> {
    pub(super) fn shipment(&self) -> RecordAt<'_> {
        RecordAt { line: self.shipment_line.get(), text: &self.shipment }
    }

    pub(super) fn driver(&self) -> RecordAt<'_> {
        RecordAt { line: self.driver_line.get(), text: &self.driver }
    }
}

impl ShipmentPrice {
    pub(super) fn length(&self) -> StreetLength {
        StreetLength(self.length)
    }
}

impl DriverPrice {
    pub(super) fn traits(&self) -> DriverTraits {
        DriverTraits { length: self.length, vowels: self.vowels, consonants: self.consonants }
    }
}

/// Points as a double, which holds every multiple of 0.25 up to 2^51 exactly.
fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
    let quarters = f64::deserialize(deserializer)? * 4.0;
    if quarters.fract() != 0.0 || quarters.abs() > (1_u64 << 53) as f64 {
        return Err(D::Error::custom(format!("{} is not a multiple of 0.25", quarters / 4.0)));
    }
    Ok(Score::from_quarters(quarters as i64))
}

fn some_points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Score>, D::Error> {
    points(deserializer).map(Some)
}

fn street_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StreetName, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    meaning::street_name(&text)
        .map_err(|expected| D::Error::custom(format!("street_name: {expected}")))
}
