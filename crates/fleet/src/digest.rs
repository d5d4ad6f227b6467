//! The content of a batch as one number, so that a batch id is never taken by another content.

use domain::StreetName;
use proto::logistics::v1::{Driver, Shipment};

/// Adds up a batch's content as its parts come. Where a batch was cut into parts makes no difference.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    shipments: blake3::Hasher,
    drivers: blake3::Hasher,
    /// Reused: one update a part is several times faster than one a field.
    scratch: Vec<u8>,
}

impl Digest {
    pub(crate) fn shipments(&mut self, shipments: &[Shipment]) {
        self.scratch.clear();
        for shipment in shipments {
            push(&mut self.scratch, &shipment.id, shipment.line, &shipment.address);
        }
        self.shipments.update(&self.scratch);
    }

    pub(crate) fn drivers(&mut self, drivers: &[Driver]) {
        self.scratch.clear();
        for driver in drivers {
            push(&mut self.scratch, &driver.id, driver.line, &driver.name);
        }
        self.drivers.update(&self.scratch);
    }

    /// BLAKE3 over both sides and the rule.
    pub(crate) fn finish(&self, rule: StreetName) -> [u8; 32] {
        let mut whole = blake3::Hasher::new();
        whole.update(&[match rule {
            StreetName::Address => 1,
            StreetName::FullLine => 2,
        }]);
        whole.update(self.shipments.finalize().as_bytes());
        whole.update(self.drivers.finalize().as_bytes());
        *whole.finalize().as_bytes()
    }
}

/// Lengths first: no two contents are written alike.
fn push(scratch: &mut Vec<u8>, id: &str, line: u32, text: &str) {
    scratch.extend_from_slice(&(id.len() as u32).to_le_bytes());
    scratch.extend_from_slice(&(text.len() as u32).to_le_bytes());
    scratch.extend_from_slice(&line.to_le_bytes());
    scratch.extend_from_slice(id.as_bytes());
    scratch.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipment(id: &str, address: &str) -> Shipment {
        Shipment { id: id.into(), address: address.into(), line: 0 }
    }

    fn of(parts: &[&[Shipment]], rule: StreetName) -> [u8; 32] {
        let mut digest = Digest::default();
        parts.iter().for_each(|part| digest.shipments(part));
        digest.finish(rule)
    }

    #[test]
    fn parts_make_no_difference_and_content_does() {
        let (a, b) = (shipment("1", "12 Oak"), shipment("2", "7 Elm"));
        let whole = of(&[&[a.clone(), b.clone()]], StreetName::Address);
        let (first, second) = (std::slice::from_ref(&a), std::slice::from_ref(&b));
        assert_eq!(whole, of(&[first, &[], second], StreetName::Address));
        assert_ne!(whole, of(&[&[b.clone(), a.clone()]], StreetName::Address));
        assert_ne!(whole, of(&[&[a.clone(), b]], StreetName::FullLine));
        assert_ne!(
            of(&[&[shipment("1", "2 Oak")]], StreetName::Address),
            of(&[&[shipment("12", " Oak")]], StreetName::Address)
        );
    }
}
