//! The content of a batch as one number, so that a batch id is never taken by another content.

use domain::StreetName;
use proto::columns::RecordRow;

/// Bytes that are hashed at once. A small batch is hashed in one go, without a hasher of its own.
const BLOCK: usize = 64 * 1024;

/// Adds up a batch's content as its parts come. Where a batch was cut into parts makes no difference.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    shipments: Side,
    drivers: Side,
}

impl Digest {
    pub(crate) fn shipment(&mut self, row: RecordRow<'_>) {
        self.shipments.push(row);
    }

    pub(crate) fn driver(&mut self, row: RecordRow<'_>) {
        self.drivers.push(row);
    }

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

/// One side of a batch.
#[derive(Debug, Default)]
struct Side {
    /// What is not hashed yet.
    bytes: Vec<u8>,
    /// What came before.
    hashed: Option<Box<blake3::Hasher>>,
}

impl Side {
    fn push(&mut self, row: RecordRow<'_>) {
        push(&mut self.bytes, row);
        if self.bytes.len() >= BLOCK {
            self.hashed.get_or_insert_default().update(&self.bytes);
            self.bytes.clear();
        }
    }

    fn finish(&self) -> blake3::Hash {
        match &self.hashed {
            Some(hashed) => hashed.clone().update(&self.bytes).finalize(),
            None => blake3::hash(&self.bytes),
        }
    }
}

/// Lengths first: no two contents are written alike.
fn push(scratch: &mut Vec<u8>, RecordRow { id, text, line }: RecordRow<'_>) {
    scratch.extend_from_slice(&(id.len() as u32).to_le_bytes());
    scratch.extend_from_slice(&(text.len() as u32).to_le_bytes());
    scratch.extend_from_slice(&line.to_le_bytes());
    scratch.extend_from_slice(id.as_bytes());
    scratch.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id and an address.
    type Shipment = (&'static str, &'static str);

    fn of(shipments: &[Shipment], rule: StreetName) -> [u8; 32] {
        let mut digest = Digest::default();
        for (id, text) in shipments {
            digest.shipment(RecordRow { id, text, line: 0 });
        }
        digest.finish(rule)
    }

    #[test]
    fn other_content_is_another_number() {
        let (a, b) = (("1", "12 Oak"), ("2", "7 Elm"));
        let whole = of(&[a, b], StreetName::Address);
        assert_eq!(whole, of(&[a, b], StreetName::Address));
        assert_ne!(whole, of(&[b, a], StreetName::Address));
        assert_ne!(whole, of(&[a, b], StreetName::FullLine));
        assert_ne!(
            of(&[("1", "2 Oak")], StreetName::Address),
            of(&[("12", " Oak")], StreetName::Address)
        );
    }

    #[test]
    fn a_large_batch_is_hashed_as_if_at_once() {
        let mut side = Side::default();
        let mut bytes = Vec::new();
        for line in 0..10_000 {
            let row = RecordRow { id: "", text: "12 Oak Street", line };
            side.push(row);
            push(&mut bytes, row);
        }
        assert!(bytes.len() > 3 * BLOCK);
        assert_eq!(side.finish(), blake3::hash(&bytes));
    }
}
