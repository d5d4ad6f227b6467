//! `waybill verify`: proves a plan again from what is written down of it.

mod document;
mod proof;

use std::{io::Write, path::PathBuf};

use clap::Args;
use domain::{DriverClasses, Records, StreetClasses, StreetName};

pub(crate) use self::proof::Flaw;

use self::document::{Document, RecordAt};
use crate::{
    error::Error,
    input::{self, Drivers, Shipments},
    output::Out,
    planning,
};

/// Prove that no other assignment beats a plan, or name the pair that breaks the proof
///
/// Reads the JSON of `waybill assign --format json`, `waybill plans show --format json` or
/// /plans/ID.json. All scores are computed again from the texts; then the certificate's prices must
/// cover the score of every pair that could be, and meet it exactly in every pair that is. Neither
/// needs the solver that made the plan. A plan without a certificate is solved again instead. What
/// first come, first served reached depends on the order of the batch, which a plan does not keep: of
/// that it is only checked that it is not more.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The plan as JSON; - reads standard input
    plan: PathBuf,
}

impl Verify {
    pub(crate) fn run(self) -> Result<(), Error> {
        let bytes = input::read(&self.plan)?;
        let plan = Document::parse(&bytes)
            .map_err(|problem| Error::NotAPlan { path: self.plan.clone(), problem })?;
        let flawed = |flaw| Error::NotProven { path: self.plan.clone(), flaw };
        let counted = proof::count(&plan).map_err(flawed)?;
        let how = if let Some(certificate) = &plan.certificate {
            proof::prove(&plan, certificate).map_err(flawed)?;
            "by its certificate"
        } else {
            solve_again(&plan, flawed)?;
            "by solving it again, since it has no certificate"
        };
        let mut out = Out::stdout();
        writeln!(
            out,
            "proven {how}: no assignment of these {} shipments to these {} drivers totals more than {}",
            counted.shipments, counted.drivers, plan.total
        )?;
        Ok(out.finish()?)
    }
}

fn solve_again(plan: &Document<'_>, flawed: impl Fn(Flaw) -> Error) -> Result<(), Error> {
    let records = |all: &mut dyn Iterator<Item = RecordAt<'_>>| {
        let mut records = Records::new();
        for record in all {
            records
                .push("", record.line, record.text)
                .map_err(|error| flawed(Flaw::Record(error)))?;
        }
        Ok::<_, Error>(records)
    };
    let shipments = records(&mut plan.all_shipments())?;
    let drivers = records(&mut plan.all_drivers())?;
    let street_name: StreetName = plan.street_name;
    let best = planning::plan(
        Shipments { classes: StreetClasses::of(&shipments, street_name), records: shipments },
        Drivers { classes: DriverClasses::of(&drivers), records: drivers },
        street_name,
    )?;
    if best.total == plan.total {
        return Ok(());
    }
    Err(flawed(Flaw::Beaten { total: plan.total, best: best.total }))
}
