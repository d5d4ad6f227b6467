//! Plans as the fleet service makes them: solved, with their proof, cut into parts.

use assignment::{Classes, Problem, Table, UNASSIGNED};
use domain::{DriverClasses, Score, StreetClasses, StreetLength, StreetName, driver_traits, score};
use proto::logistics::v1::{
    Assignment, Certificate, Driver, DriverPrice, PlanHeader, PlanPart, Reason, Shipment,
    ShipmentPrice, Side, Timings, Unassigned,
};
use proto::{BatchId, RunId};

/// A batch that is planned.
pub struct Planned {
    pub batch_id: BatchId,
    pub run: Option<RunId>,
    pub shipments: Vec<String>,
    pub drivers: Vec<String>,
    /// Rows in a part at most.
    pub rows: usize,
}

impl Planned {
    /// Two shipments, three drivers.
    pub fn small(number: u64) -> Planned {
        Planned::of(number, &["12 Oak Street", "7 Elm Ave"], &["Ann Lee", "Bob Stone", "Cy Dee"])
    }

    pub fn of(number: u64, shipments: &[&str], drivers: &[&str]) -> Planned {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Planned {
            batch_id: super::batch(number),
            run: None,
            shipments: owned(shipments),
            drivers: owned(drivers),
            rows: usize::MAX,
        }
    }

    pub fn run(self, number: u8) -> Planned {
        Planned { run: Some(super::run(number)), ..self }
    }

    pub fn in_parts_of(self, rows: usize) -> Planned {
        Planned { rows, ..self }
    }

    /// The plan, solved and cut.
    pub fn parts(&self) -> Vec<PlanPart> {
        let length = |text: &String| domain::street_length(text, StreetName::Address);
        let streets = StreetClasses::from_lengths(self.shipments.iter().map(length).collect());
        let traits = self.drivers.iter().map(|name| driver_traits(name)).collect();
        let drivers = DriverClasses::from_traits(traits);
        let table = Table::from_fn(streets.lengths.len(), drivers.traits.len(), |row, column| {
            Some(score(streets.lengths[row], drivers.traits[column]).quarters())
        })
        .unwrap();
        let [row_class, column_class] =
            [&streets.class, &drivers.class].map(|class| class.iter().collect::<Vec<_>>());
        let problem = Problem::Classes(Classes {
            row_class: &row_class,
            column_class: &column_class,
            table: &table,
        });
        let solution = assignment::solve(&problem).unwrap();
        let points = |quarters| Score::from_quarters(quarters).as_f64();
        let header = PlanHeader {
            run_id: self.run.map(|run| run.to_string()).unwrap_or_default(),
            shipments: self.shipments.len() as u32,
            drivers: self.drivers.len() as u32,
            assigned: solution.assigned as u32,
            total: points(solution.total),
            greedy_total: points(assignment::first_come(&problem)),
            certificate: Some(certificate(&streets, &drivers, &solution.certificate)),
            timings: Some(Timings::default()),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".into(),
            digest: vec![7; 32],
            attempt: 1,
            ..PlanHeader::default()
        };
        let mut rows = Vec::new();
        let mut taken = vec![false; self.drivers.len()];
        for (shipment, driver) in solution.columns.iter().enumerate() {
            if *driver == UNASSIGNED {
                continue;
            }
            let driver = *driver as usize;
            taken[driver] = true;
            let quarters = problem.score(shipment, driver).unwrap();
            rows.push(Row::Pair(Assignment {
                shipment: Some(Shipment {
                    address: self.shipments[shipment].clone(),
                    line: shipment as u32 + 1,
                    ..Shipment::default()
                }),
                driver: Some(Driver {
                    name: self.drivers[driver].clone(),
                    line: driver as u32 + 1,
                    ..Driver::default()
                }),
                score: points(quarters),
            }));
        }
        for (i, text) in self.shipments.iter().enumerate() {
            if solution.columns[i] == UNASSIGNED {
                rows.push(left(Side::Shipment, i, text));
            }
        }
        for (i, text) in self.drivers.iter().enumerate().filter(|(i, _)| !taken[*i]) {
            rows.push(left(Side::Driver, i, text));
        }
        self.cut(&header, rows)
    }

    fn cut(&self, header: &PlanHeader, rows: Vec<Row>) -> Vec<PlanPart> {
        let mut parts: Vec<PlanPart> = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while parts.is_empty() || rows.peek().is_some() {
            let mut part = PlanPart {
                batch_id: self.batch_id.to_string(),
                part: parts.len() as u32,
                header: parts.is_empty().then(|| header.clone()),
                // The tests' plans are small: more than all their parts take.
                plan_bytes: if parts.is_empty() { 1 << 20 } else { 0 },
                ..PlanPart::default()
            };
            for row in rows.by_ref().take(self.rows) {
                match row {
                    Row::Pair(pair) => part.assignments.push(pair),
                    Row::Left(left) => part.unassigned.push(left),
                }
            }
            part.more = rows.peek().is_some();
            parts.push(part);
        }
        parts
    }
}

enum Row {
    Pair(Assignment),
    Left(Unassigned),
}

fn left(side: Side, i: usize, text: &str) -> Row {
    Row::Left(Unassigned {
        side: side.into(),
        text: text.into(),
        line: i as u32 + 1,
        reason: Reason::NoneLeft.into(),
        price: 0.75,
        ..Unassigned::default()
    })
}

fn certificate(
    streets: &StreetClasses,
    drivers: &DriverClasses,
    prices: &assignment::Certificate,
) -> Certificate {
    let shipments = streets.lengths.iter().zip(&prices.row_prices);
    let drivers = drivers.traits.iter().zip(&prices.column_prices);
    Certificate {
        shipments: shipments
            .map(|(&StreetLength(length), &price)| ShipmentPrice { length, quarters: price as u64 })
            .collect(),
        drivers: drivers
            .map(|(traits, &price)| DriverPrice {
                length: traits.length,
                vowels: traits.vowels,
                consonants: traits.consonants,
                quarters: price as u64,
            })
            .collect(),
    }
}
