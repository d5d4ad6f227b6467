//! The proof, from the texts and the prices alone.
//!
//! Shipment price + driver price covers the score of every pair that could be, so no assignment
//! totals more than the sum of all prices. The plan's pairs meet their scores exactly and what stayed
//! behind has the price 0, so the plan totals exactly that sum.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{DriverTraits, Score, StreetLength, driver_traits, score, street_length};

use super::document::{Certificate, Document, RecordAt, Side};

/// What breaks a proof.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("{side} of line {line} is in the plan twice")]
    Twice { side: &'static str, line: u32 },
    #[error("the plan has {found} {side}s, paired or unassigned, and the batch {stated}")]
    Count { side: &'static str, stated: usize, found: usize },
    #[error(
        "first come, first served cannot have reached {greedy}, more than the plan's total of {total}"
    )]
    Greedy { greedy: Score, total: Score },
    #[error("{pair} scores {found}, not {stated}")]
    Score { pair: PairName, stated: Score, found: Score },
    #[error("the pairs total {found}, not {stated}")]
    Total { stated: Score, found: Score },
    #[error("the certificate has two prices for {side}s with {class}")]
    TwoPrices { side: &'static str, class: String },
    #[error("the certificate has no price for {side} of line {line} (\"{text}\")")]
    NoPrice { side: &'static str, line: u32, text: String },
    #[error("the certificate's price of {side} of line {line} is negative: {price}")]
    Negative { side: &'static str, line: u32, price: Score },
    #[error("{pair} would score {score}, more than their prices together, {prices}")]
    Uncovered { pair: PairName, score: Score, prices: Score },
    #[error("{pair} scores {score}, less than their prices together, {prices}")]
    Slack { pair: PairName, score: Score, prices: Score },
    #[error("{side} of line {line} (\"{text}\") stayed behind, but its price is {price}, not 0")]
    LeftWithPrice { side: &'static str, line: u32, text: String, price: Score },
    #[error("another plan totals {best}, more than {total}")]
    Beaten { total: Score, best: Score },
    #[error("{0}")]
    Record(domain::RecordError),
}

/// A pair, named by lines and texts.
#[derive(Debug)]
pub(crate) struct PairName {
    shipment: (u32, String),
    driver: (u32, String),
}

impl PairName {
    fn new(shipment: RecordAt<'_>, driver: RecordAt<'_>) -> Self {
        Self {
            shipment: (shipment.line, shipment.text.to_owned()),
            driver: (driver.line, driver.text.to_owned()),
        }
    }
}

impl std::fmt::Display for PairName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ((shipment_line, shipment), (driver_line, driver)) = (&self.shipment, &self.driver);
        write!(
            f,
            "shipment of line {shipment_line} (\"{shipment}\") with driver of line {driver_line} (\"{driver}\")"
        )
    }
}

/// How many records a plan has.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) shipments: usize,
    pub(super) drivers: usize,
}

/// Checks that it is a plan: everybody once, and scores and total as the texts have them.
pub(super) fn count(plan: &Document<'_>) -> Result<Counted, Flaw> {
    let shipments = once("shipment", plan.all_shipments(), plan.shipments)?;
    let drivers = once("driver", plan.all_drivers(), plan.drivers)?;
    for pair in &plan.pairs {
        let (shipment, driver) = (pair.shipment(), pair.driver());
        let length = street_length(shipment.text, plan.street_name);
        let found = score(length, driver_traits(driver.text));
        if found != pair.score {
            let pair_name = PairName::new(shipment, driver);
            return Err(Flaw::Score { pair: pair_name, stated: pair.score, found });
        }
    }
    let found: Score = plan.pairs.iter().map(|pair| pair.score).sum();
    if found != plan.total {
        return Err(Flaw::Total { stated: plan.total, found });
    }
    if let Some(greedy) = plan.greedy_total.filter(|greedy| *greedy > plan.total) {
        return Err(Flaw::Greedy { greedy, total: plan.total });
    }
    Ok(Counted { shipments, drivers })
}

fn once<'a>(
    side: &'static str,
    records: impl Iterator<Item = RecordAt<'a>>,
    stated: Option<usize>,
) -> Result<usize, Flaw> {
    let mut seen = HashSet::new();
    for record in records {
        if !seen.insert(record.line) {
            return Err(Flaw::Twice { side, line: record.line });
        }
    }
    match stated.filter(|stated| *stated != seen.len()) {
        Some(stated) => Err(Flaw::Count { side, stated, found: seen.len() }),
        None => Ok(seen.len()),
    }
}

/// Checks that the prices prove the plan optimal.
pub(super) fn prove(plan: &Document<'_>, certificate: &Certificate) -> Result<(), Flaw> {
    let length = |text: &str| street_length(text, plan.street_name);
    let shipment_prices = certificate.shipments.iter().map(|p| (p.length(), p.price));
    let shipments = Prices::new("shipment", shipment_prices, |StreetLength(length)| {
        format!("a street name of {length}")
    })?;
    let driver_prices = certificate.drivers.iter().map(|p| (p.traits(), p.price));
    let drivers = Prices::new("driver", driver_prices, |traits: DriverTraits| {
        let DriverTraits { length, vowels, consonants } = traits;
        format!("a name of {length}, {vowels} vowels and {consonants} consonants")
    })?;

    let shipment_classes = shipments.classes(plan.all_shipments(), length)?;
    let driver_classes = drivers.classes(plan.all_drivers(), driver_traits)?;
    for (&length, &(shipment, shipment_price)) in &shipment_classes {
        for (&traits, &(driver, driver_price)) in &driver_classes {
            let (score, prices) = (score(length, traits), shipment_price + driver_price);
            if score > prices {
                return Err(Flaw::Uncovered {
                    pair: PairName::new(shipment, driver),
                    score,
                    prices,
                });
            }
        }
    }
    for pair in &plan.pairs {
        let (shipment, driver) = (pair.shipment(), pair.driver());
        let prices = shipment_classes[&length(shipment.text)].1
            + driver_classes[&driver_traits(driver.text)].1;
        if pair.score < prices {
            let pair_name = PairName::new(shipment, driver);
            return Err(Flaw::Slack { pair: pair_name, score: pair.score, prices });
        }
    }
    shipments.none(plan.left(Side::Shipment), length)?;
    drivers.none(plan.left(Side::Driver), driver_traits)
}

/// The prices of one side, by what its scores depend on.
struct Prices<T> {
    side: &'static str,
    prices: HashMap<T, Score>,
}

impl<T: Copy + Ord + std::hash::Hash> Prices<T> {
    fn new(
        side: &'static str,
        all: impl Iterator<Item = (T, Score)>,
        name: impl Fn(T) -> String,
    ) -> Result<Self, Flaw> {
        let mut prices = HashMap::new();
        for (class, price) in all {
            if prices.insert(class, price).is_some() {
                return Err(Flaw::TwoPrices { side, class: name(class) });
            }
        }
        Ok(Self { side, prices })
    }

    /// The classes that have a record, each with its first record and its price.
    fn classes<'a>(
        &self,
        records: impl Iterator<Item = RecordAt<'a>>,
        class: impl Fn(&str) -> T,
    ) -> Result<BTreeMap<T, (RecordAt<'a>, Score)>, Flaw> {
        let mut classes = BTreeMap::new();
        for record in records {
            let class = class(record.text);
            if classes.contains_key(&class) {
                continue;
            }
            let (side, line) = (self.side, record.line);
            let Some(&price) = self.prices.get(&class) else {
                return Err(Flaw::NoPrice { side, line, text: record.text.to_owned() });
            };
            if price < Score::ZERO {
                return Err(Flaw::Negative { side, line, price });
            }
            classes.insert(class, (record, price));
        }
        Ok(classes)
    }

    /// Checks that these records, which stayed behind, have the price 0.
    fn none<'a>(
        &self,
        records: impl Iterator<Item = RecordAt<'a>>,
        class: impl Fn(&str) -> T,
    ) -> Result<(), Flaw> {
        for record in records {
            let price = self.prices.get(&class(record.text)).copied().unwrap_or_default();
            if price != Score::ZERO {
                let (side, line, text) = (self.side, record.line, record.text.to_owned());
                return Err(Flaw::LeftWithPrice { side, line, text, price });
            }
        }
        Ok(())
    }
}
