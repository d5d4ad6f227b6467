//! What it takes to mend an optimal plan when a shipment or a driver comes or goes, beside making it
//! from nothing.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use assignment::{Classes, Planner, Problem, solve};
use domain::{DriverClasses, StreetClasses, StreetName};
use producer::synthetic;

use super::statistics::{median, quantile};
use crate::error::Error;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replan {
    /// Shipments, and drivers, at the start.
    pub(super) members: u32,
    /// Of one who comes or goes, until the plan is the best again.
    pub(super) median: Duration,
    pub(super) p99: Duration,
    /// Of solving all of it.
    pub(super) from_nothing: Duration,
}

/// Times of the plan from nothing.
const ROUNDS: usize = 5;

/// Plans so many shipments and drivers, then as many events: one of either side comes or goes, each
/// as often. At the end the plan must be as good as one from nothing.
pub(super) fn measure(members: u32, events: usize) -> Result<Replan, Error> {
    // Twice as many as there are at the start, so that there are others to come.
    let shipments = synthetic::shipments(0, 0, 2 * members);
    let shipments = StreetClasses::of(&shipments, StreetName::Address);
    let drivers = DriverClasses::of(&synthetic::drivers(0, 0, 2 * members));
    let table = fleet::planning::table(&shipments, &drivers)?;
    let [shipment_class, driver_class]: [Vec<u32>; 2] =
        [shipments.class.iter().collect(), drivers.class.iter().collect()];
    let classes = Classes {
        row_class: &shipment_class[..members as usize],
        column_class: &driver_class[..members as usize],
        table: &table,
    };
    let from_nothing = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        solve(&Problem::Classes(classes)).map(|plan| (black_box(plan), begun.elapsed()).1)
    });
    let from_nothing = from_nothing.collect::<Result<Vec<_>, _>>()?;

    let mut day = Day {
        planner: Planner::new(&classes)?,
        shipments: (0..members).collect(),
        drivers: (0..members).collect(),
    };
    let mut times = Vec::with_capacity(events);
    for event in 0..events {
        let pick = pick(event);
        times.push(match event % 4 {
            0 => day.shipment_comes(shipment_class[pick % shipment_class.len()])?,
            1 => day.driver_comes(driver_class[pick % driver_class.len()])?,
            2 => day.shipment_goes(pick),
            _ => day.driver_goes(pick),
        });
    }
    day.check()?;
    let p99 = quantile(&mut times, 0.99);
    Ok(Replan { members, median: median(times), p99, from_nothing: median(from_nothing) })
}

/// A number that looks random: the golden ratio spreads what follows each other (Knuth, The Art of
/// Computer Programming 3, 6.4).
fn pick(event: usize) -> usize {
    ((event as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

/// A plan, and who is there.
struct Day {
    planner: Planner,
    shipments: Vec<u32>,
    drivers: Vec<u32>,
}

impl Day {
    fn shipment_comes(&mut self, class: u32) -> Result<Duration, Error> {
        let begun = Instant::now();
        let (shipment, changes) = self.planner.add_row(class)?;
        black_box(changes);
        let taken = begun.elapsed();
        self.shipments.push(shipment);
        Ok(taken)
    }

    fn driver_comes(&mut self, class: u32) -> Result<Duration, Error> {
        let begun = Instant::now();
        let (driver, changes) = self.planner.add_column(class)?;
        black_box(changes);
        let taken = begun.elapsed();
        self.drivers.push(driver);
        Ok(taken)
    }

    fn shipment_goes(&mut self, pick: usize) -> Duration {
        let shipment = self.shipments.swap_remove(pick % self.shipments.len());
        let begun = Instant::now();
        black_box(self.planner.remove_row(shipment));
        begun.elapsed()
    }

    fn driver_goes(&mut self, pick: usize) -> Duration {
        let driver = self.drivers.swap_remove(pick % self.drivers.len());
        let begun = Instant::now();
        black_box(self.planner.remove_column(driver));
        begun.elapsed()
    }

    fn check(&self) -> Result<(), Error> {
        let (rows, columns) = (self.planner.row_counts(), self.planner.column_counts());
        let solution = self.planner.class_solution();
        assignment::verify_classes(rows, columns, self.planner.table(), &solution)
            .map_err(Error::Unproven)
    }
}
