//! Made-up shipments and drivers: the same for a seed on every machine and in every version.

use domain::Records;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::words::{NAME_WORDS, write_address, write_name};

/// Bytes a record takes about, to make room once.
const NAME_BYTES: usize = 16;
const ADDRESS_BYTES: usize = 30;

/// A random stream of its own for each (seed, what, number).
fn stream(seed: u64, what: &[u8; 8], number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(what);
    key[16..24].copy_from_slice(&number.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// `count` drivers of a seed from the one at `first` on, counted from 0.
pub fn drivers(seed: u64, first: u32, count: u32) -> Records {
    let mut rng = stream(seed, b"drivers\0", 0);
    rng.set_word_pos(u128::from(first) * NAME_WORDS as u128);
    records(&mut rng, count, NAME_BYTES, write_name)
}

/// The shipments of batch `number` of a seed.
pub fn shipments(seed: u64, number: u64, count: u32) -> Records {
    let mut rng = stream(seed, b"shipment", number);
    records(&mut rng, count, ADDRESS_BYTES, write_address)
}

fn records<const WORDS: usize>(
    rng: &mut ChaCha8Rng,
    count: u32,
    bytes: usize,
    write: impl Fn(&mut String, [u32; WORDS]),
) -> Records {
    let mut records = Records::with_capacity(count as usize, count as usize * bytes);
    let mut text = String::new();
    for _ in 0..count {
        text.clear();
        write(&mut text, std::array::from_fn(|_| rng.next_u32()));
        records.push("", 0, &text).expect("ten million short texts are within every limit");
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(records: &Records) -> String {
        let mut hasher = blake3::Hasher::new();
        for record in records {
            hasher.update(record.text.as_bytes()).update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }

    #[test]
    fn a_seed_gives_these_people_and_addresses_for_ever() {
        let drivers = drivers(7, 0, 3);
        let shipments = shipments(7, 0, 3);
        let texts = |records: &Records| -> Vec<String> {
            records.iter().map(|record| record.text.to_owned()).collect()
        };
        assert_eq!(texts(&drivers), ["Garret Bernhard", "Angelina Boyle", "Ozzie Gulgowski"]);
        assert_eq!(
            texts(&shipments),
            [
                "7633 Beier Drive Apt. 668",
                "225 Jordan Row Suite 557",
                "7055 Abernathy Streets Apt. 192"
            ]
        );
    }

    #[test]
    fn a_seed_gives_the_same_data_in_every_version() {
        assert_eq!(
            digest(&drivers(42, 0, 10_000)),
            "b902324fc5877262e0aeb6f70e6b5ca69f264ac44af82436e5d0c2c8ffa760e9"
        );
        assert_eq!(
            digest(&shipments(42, 123_456_789, 10_000)),
            "7ea0c8ce93a94f7adbc578f155768809a2d23f77b8b8021b534a9a47dc59cde8"
        );
    }

    #[test]
    fn any_driver_is_made_without_those_before() {
        let all = drivers(3, 0, 1_000);
        for first in [0_u32, 1, 7, 8, 499, 999] {
            let one = drivers(3, first, 1);
            assert_eq!(one.text(0), all.text(first as usize));
        }
    }

    #[test]
    fn batches_and_seeds_differ() {
        assert_ne!(shipments(1, 0, 10), shipments(1, 1, 10));
        assert_ne!(shipments(1, 0, 10), shipments(2, 0, 10));
        assert_ne!(drivers(1, 0, 10), drivers(2, 0, 10));
    }
}
