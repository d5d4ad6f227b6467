//! A fuzzer's bytes as the choices of an instance.

use crate::instances::Choices;

/// What the bytes say; what they no longer say, chance does, which begins with all of them. So a few bytes
/// make a whole matrix.
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    chance: u64,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let chance = bytes.iter().fold(0, |chance, &byte| mixed(chance ^ u64::from(byte)));
        Self { rest: bytes, chance }
    }
}

/// splitmix64.
fn mixed(chance: u64) -> u64 {
    let z = chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Choices for Bytes<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        // As many bytes as the bound takes.
        let mut span = 1_u64;
        let mut number = 0_u64;
        while span < bound {
            let Some((&byte, rest)) = self.rest.split_first() else {
                self.chance = mixed(self.chance);
                return self.chance % bound;
            };
            self.rest = rest;
            (span, number) = (span << 8, number << 8 | u64::from(byte));
        }
        number % bound
    }
}
