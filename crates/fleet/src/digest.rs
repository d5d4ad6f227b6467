//! The content of a batch as one number, so that a batch id is never taken by another content.

use bytes::Bytes;
use domain::StreetName;

/// Adds up a batch's content as its parts come. Where a batch was cut into parts makes no difference.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    pub(crate) shipments: Side,
    pub(crate) drivers: Side,
}

impl Digest {
    /// BLAKE3 over both sides and the rule.
    pub(crate) fn finish(&self, rule: StreetName) -> [u8; 32] {
        let mut whole = [0; 65];
        whole[0] = match rule {
            StreetName::Address => 1,
            StreetName::FullLine => 2,
        };
        whole[1..33].copy_from_slice(self.shipments.finish().as_bytes());
        whole[33..].copy_from_slice(self.drivers.finish().as_bytes());
        *blake3::hash(&whole).as_bytes()
    }
}

/// One side of a batch: its rows as they travel, of which no two contents have the same.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// The last part's. Mostly it is the only one, and hashed without a hasher of its own.
    last: Bytes,
    /// What came before.
    hashed: Option<Box<blake3::Hasher>>,
}

impl Side {
    /// Adds the rows of a part.
    pub(crate) fn extend(&mut self, wire: Bytes) {
        if !self.last.is_empty() {
            self.hashed.get_or_insert_default().update(&self.last);
        }
        self.last = wire;
    }

    fn finish(&self) -> blake3::Hash {
        match &self.hashed {
            Some(hashed) => hashed.clone().update(&self.last).finalize(),
            None => blake3::hash(&self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::columns::{RecordRow, put_shipment};

    use super::*;

    /// An id and an address.
    type Shipment = (&'static str, &'static str);

    /// Of shipments in these parts.
    fn of(parts: &[&[Shipment]], rule: StreetName) -> [u8; 32] {
        let mut digest = Digest::default();
        for part in parts {
            let mut wire = Vec::new();
            for (id, text) in *part {
                put_shipment(&mut wire, RecordRow { id, text, line: 0 });
            }
            digest.shipments.extend(wire.into());
        }
        digest.finish(rule)
    }

    #[test]
    fn other_content_is_another_number() {
        let (a, b) = (("1", "12 Oak"), ("2", "7 Elm"));
        let whole = of(&[&[a, b]], StreetName::Address);
        assert_eq!(whole, of(&[&[a, b]], StreetName::Address));
        assert_ne!(whole, of(&[&[b, a]], StreetName::Address));
        assert_ne!(whole, of(&[&[a, b]], StreetName::FullLine));
        let (one, other) = (("1", "2 Oak"), ("12", " Oak"));
        assert_ne!(of(&[&[one]], StreetName::Address), of(&[&[other]], StreetName::Address));
    }

    #[test]
    fn where_a_batch_was_cut_makes_no_difference() {
        let rows = [("1", "12 Oak"), ("2", "7 Elm"), ("3", "9 Ash")];
        let whole = of(&[&rows], StreetName::Address);
        assert_eq!(whole, of(&[&rows[..1], &rows[1..]], StreetName::Address));
        assert_eq!(whole, of(&[&rows[..1], &[], &rows[1..2], &rows[2..]], StreetName::Address));
    }
}
