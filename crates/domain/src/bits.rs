//! Bits of a group of blocks, one block behind the other: a number of 512 bits.

use std::ops::{BitAnd, BitOr, Not};

/// Blocks of a group.
pub(crate) const GROUP: usize = 8;

/// A bit a byte for all bytes of a group.
pub(crate) trait Bits:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self>
{
    /// These bits; a look of the kind is the evidence that there is what they need.
    fn load(words: &[u64; GROUP], evidence: impl crate::look::Look<Bits = Self>) -> Self;

    fn store(self, to: &mut [u64; GROUP]);

    fn any(self) -> bool;

    /// For each bit the one behind it. The carry, 1 or 0, takes the last into the next group.
    fn shifted(self, carry: &mut u64) -> Self;

    /// The sum, whose carry is 1 or 0 and goes into the next group.
    fn plus(self, other: Self, carry: &mut u64) -> Self;
}

/// From each bit of `from` the bits of `through` up to the first that is missing: those bits, and the
/// missing one. The carry takes a run into the next group. Of two bits of `from` in one run the second is
/// not among the bits given; none may be where a run ends.
#[inline(always)]
pub(crate) fn run<B: Bits>(through: B, from: B, carry: &mut u64) -> (B, B) {
    let sum = through.plus(from, carry);
    (through & !sum, sum & !through)
}

/// With no more than what every processor has.
#[derive(Clone, Copy)]
pub(crate) struct OneByOne([u64; GROUP]);

impl OneByOne {
    #[inline(always)]
    fn with(self, other: OneByOne, word: impl Fn(u64, u64) -> u64) -> OneByOne {
        OneByOne(std::array::from_fn(|i| word(self.0[i], other.0[i])))
    }
}

impl BitAnd for OneByOne {
    type Output = OneByOne;

    #[inline(always)]
    fn bitand(self, other: OneByOne) -> OneByOne {
        self.with(other, |a, b| a & b)
    }
}

impl BitOr for OneByOne {
    type Output = OneByOne;

    #[inline(always)]
    fn bitor(self, other: OneByOne) -> OneByOne {
        self.with(other, |a, b| a | b)
    }
}

impl Not for OneByOne {
    type Output = OneByOne;

    #[inline(always)]
    fn not(self) -> OneByOne {
        OneByOne(self.0.map(|word| !word))
    }
}

impl Bits for OneByOne {
    #[inline(always)]
    fn load(words: &[u64; GROUP], _: impl crate::look::Look<Bits = OneByOne>) -> OneByOne {
        OneByOne(*words)
    }

    #[inline(always)]
    fn store(self, to: &mut [u64; GROUP]) {
        *to = self.0;
    }

    #[inline(always)]
    fn any(self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) != 0
    }

    #[inline(always)]
    fn shifted(self, carry: &mut u64) -> OneByOne {
        OneByOne(self.0.map(|word| {
            let shifted = word << 1 | *carry;
            *carry = word >> 63;
            shifted
        }))
    }

    #[inline(always)]
    fn plus(self, other: OneByOne, carry: &mut u64) -> OneByOne {
        let mut over = *carry != 0;
        let sum = OneByOne(std::array::from_fn(|i| {
            let (sum, next) = self.0[i].carrying_add(other.0[i], over);
            over = next;
            sum
        }));
        *carry = u64::from(over);
        sum
    }
}
