//! The source of a run, as the call has it.

use std::path::Path;

use domain::{Records, StreetName};
use producer::MAX_REQUEST_BYTES;
use prost::Message;
use proto::{
    logistics::v1::{Driver, Shipment},
    producer::v1::{
        CreateRosterRequest, Records as Given, RosterSource, StartRunRequest, Synthetic,
        start_run_request::Source as Wire,
    },
};

use super::{client, source::Source};
use crate::{client::Peer, error::Error, input};

/// What both sides of a run are, files read.
pub(super) async fn wire(
    peer: &Peer,
    shipments: &Source,
    drivers: &Source,
    seed: u64,
) -> Result<Wire, Error> {
    Ok(match (shipments, drivers) {
        (&Source::Made(shipments), &Source::Made(drivers)) => {
            Wire::Synthetic(Synthetic { shipments, drivers, seed })
        }
        (&Source::Made(shipments), Source::Roster(name)) => {
            Wire::Roster(RosterSource { name: name.clone(), shipments, seed })
        }
        (&Source::Made(shipments), Source::File(path)) => {
            let name = keep(peer, path).await?;
            Wire::Roster(RosterSource { name, shipments, seed })
        }
        (shipments, Source::Roster(name)) => Wire::Records(Given {
            shipments: read_shipments(shipments)?,
            roster: name.clone(),
            ..Given::default()
        }),
        (shipments, &Source::Made(count)) => {
            let made = producer::synthetic::drivers(seed, 0, count);
            Wire::Records(Given {
                shipments: read_shipments(shipments)?,
                drivers: wire_drivers(&made),
                ..Given::default()
            })
        }
        (shipments, Source::File(path)) => Wire::Records(Given {
            shipments: read_shipments(shipments)?,
            drivers: read_drivers(path)?,
            ..Given::default()
        }),
    })
}

/// Refuses a call that is larger than the producer takes, before the producer does.
pub(super) fn check_size(request: &StartRunRequest) -> Result<(), Error> {
    let bytes = request.encoded_len();
    if bytes <= MAX_REQUEST_BYTES {
        return Ok(());
    }
    Err(Error::RunTooLarge { bytes, limit: MAX_REQUEST_BYTES })
}

/// Keeps the drivers of a file as a roster whose name follows from their bytes, so that the same file
/// is the same roster.
async fn keep(peer: &Peer, path: &Path) -> Result<String, Error> {
    let drivers = read_drivers(path)?;
    let mut hasher = blake3::Hasher::new();
    for driver in &drivers {
        hasher.update(&driver.encode_length_delimited_to_vec());
    }
    let name = format!("file-{}", &hasher.finalize().to_hex()[..24]);
    let request = CreateRosterRequest { name: name.clone(), drivers, synthetic: None };
    let bytes = request.encoded_len();
    if bytes > MAX_REQUEST_BYTES {
        return Err(Error::RunTooLarge { bytes, limit: MAX_REQUEST_BYTES });
    }
    peer.call(|_| {
        let request = request.clone();
        async move { client(peer).create_roster(request).await }
    })
    .await?;
    Ok(name)
}

fn read_shipments(source: &Source) -> Result<Vec<Shipment>, Error> {
    let Source::File(path) = source else { return Ok(Vec::new()) };
    // The rule decides nothing here: the fleet service measures them.
    let shipments = input::shipments(path, StreetName::Address)?.records;
    Ok((0..shipments.len()).map(|i| proto::records::shipment(&shipments, i)).collect())
}

fn read_drivers(path: &Path) -> Result<Vec<Driver>, Error> {
    Ok(wire_drivers(&input::drivers(path)?.records))
}

fn wire_drivers(drivers: &Records) -> Vec<Driver> {
    (0..drivers.len()).map(|i| proto::records::driver(drivers, i)).collect()
}
