//! What a block of 64 bytes looks like, a bit a byte: bit `i` for byte `i`.
//!
//! A look at a block asks the same of all its bytes at once. That is worth it with vectors, as in `x86`.
//! A twin that goes byte by byte is there for the tests: both must see the same.

use crate::bits::Bits;
#[cfg(test)]
use crate::bits::OneByOne;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// Bytes that are seen of the block behind.
pub(crate) const AHEAD: usize = 8;

/// A block, and the bytes behind it that it is seen with.
pub(crate) type Window = [u8; BLOCK + AHEAD];

/// A block, to be asked about its bytes.
pub(crate) trait Look: Copy {
    /// Bits of a group of blocks.
    type Bits: Bits;

    /// Where this byte is.
    fn equal(self, byte: u8) -> u64;

    /// Where the byte behind is this one.
    fn next_equal(self, byte: u8) -> u64;

    /// Where a byte of this range is, both ends in it.
    fn between(self, first: u8, last: u8) -> u64;

    /// Where a control character is or what is not ASCII.
    fn odd(self) -> u64;

    /// Where an ASCII letter is.
    fn letters(self) -> u64;

    /// Where one of the letters a, e, i, o, u is, of either case.
    fn vowels(self) -> u64;

    /// Where the bytes behind begin with a word that is surely in the list, and where with one that may
    /// be.
    fn next_words(self, words: &Words) -> [u64; 2];

    /// For each line feed how many bits of `marked`, which has the line feeds too, are below it, and the base,
    /// of which there are four in `bases`; what is written behind the last means nothing.
    fn ranks(self, feeds: u64, marked: u64, bases: u32, to: &mut [u8; BLOCK]);

    /// Where each bit is, and `base`; what is written behind the last means nothing.
    fn places(self, bits: u64, base: u32, to: &mut [u32; BLOCK]);
}

/// [`Look::ranks`] with no more than what every processor has.
#[inline(always)]
pub(crate) fn ranks_one_by_one(feeds: u64, marked: u64, bases: u32, to: &mut [u8; BLOCK]) {
    let (mut left, base) = (feeds, bases as u8);
    for rank in to {
        if left == 0 {
            break;
        }
        let below = left ^ (left - 1);
        *rank = base.wrapping_add((marked & (below >> 1)).count_ones() as u8);
        left &= left - 1;
    }
}

/// [`Look::places`] with no more than what every processor has.
#[inline(always)]
pub(crate) fn places_one_by_one(bits: u64, base: u32, to: &mut [u32; BLOCK]) {
    let mut left = bits;
    for place in to {
        if left == 0 {
            break;
        }
        *place = base + left.trailing_zeros();
        left &= left - 1;
    }
}

/// Up to eight words, a bit each, by the bytes that may stand at each place from their first letter on.
/// A byte may if both of its halves may, so the words of a bit must not differ in both at a place.
pub(crate) struct Words {
    /// By the lower half of a byte.
    pub(crate) low: [[u8; 16]; Words::PLACES],
    /// By the higher half.
    pub(crate) high: [[u8; 16]; Words::PLACES],
    /// Printable ASCII by [`folded`].
    pub(crate) folded: [[u8; BLOCK]; Words::PLACES],
    /// The bits that say that the word is surely there; the others say that it may be.
    pub(crate) sure: u8,
}

/// Printable ASCII in 64 places, both cases of a letter in one: bit 6, and the five lowest.
const fn folded(byte: u8) -> usize {
    ((byte >> 1) & 0x20 | byte & 0x1f) as usize
}

impl Words {
    /// Places that are looked at.
    pub(crate) const PLACES: usize = 6;

    /// No words.
    pub(crate) const fn none(sure: u8) -> Words {
        let none = [[0; 16]; Words::PLACES];
        Words { low: none, high: none, folded: [[0; BLOCK]; Words::PLACES], sure }
    }

    /// Lets bit `word` have this byte at this place, a letter in either case.
    pub(crate) const fn allow(mut self, word: usize, place: usize, byte: u8) -> Words {
        let (low, high) = ((byte & 15) as usize, (byte >> 4) as usize);
        self.low[place][low] |= 1 << word;
        self.high[place][high] |= 1 << word;
        if byte.is_ascii_alphabetic() {
            self.high[place][high ^ 2] |= 1 << word;
        }
        self.fold(place)
    }

    /// Lets bit `word` have any byte from this place on.
    pub(crate) const fn allow_all_from(mut self, word: usize, mut place: usize) -> Words {
        while place < Words::PLACES {
            let mut half = 0;
            while half < 16 {
                self.low[place][half] |= 1 << word;
                self.high[place][half] |= 1 << word;
                half += 1;
            }
            self = self.fold(place);
            place += 1;
        }
        self
    }

    const fn fold(mut self, place: usize) -> Words {
        let mut byte = 0x20;
        while byte < 0x80 {
            self.folded[place][folded(byte)] |= self.at(place, byte);
            byte += 1;
        }
        self
    }

    /// The words that may have this byte at this place.
    pub(crate) const fn at(&self, place: usize, byte: u8) -> u8 {
        self.low[place][(byte & 15) as usize] & self.high[place][(byte >> 4) as usize]
    }
}

/// The twin byte by byte.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) struct Bytes(pub(crate) Window);

#[cfg(test)]
impl Bytes {
    fn that(self, is: impl Fn(u8) -> bool) -> u64 {
        (0..BLOCK).map(|i| u64::from(is(self.0[i])) << i).sum()
    }
}

#[cfg(test)]
impl Look for Bytes {
    type Bits = OneByOne;

    fn equal(self, byte: u8) -> u64 {
        self.that(|b| b == byte)
    }

    fn next_equal(self, byte: u8) -> u64 {
        (0..BLOCK).map(|i| u64::from(self.0[i + 1] == byte) << i).sum()
    }

    fn between(self, first: u8, last: u8) -> u64 {
        self.that(|b| (first..=last).contains(&b))
    }

    fn odd(self) -> u64 {
        self.that(|b| b.is_ascii_control() && b != 0x7f || !b.is_ascii())
    }

    fn letters(self) -> u64 {
        self.that(|b| b.is_ascii_alphabetic())
    }

    fn vowels(self) -> u64 {
        self.that(|b| b"aeiouAEIOU".contains(&b))
    }

    fn next_words(self, words: &Words) -> [u64; 2] {
        let mut found = [0; 2];
        for i in 0..BLOCK {
            let at = |place| words.at(place, self.0[i + 1 + place]);
            let those = (0..Words::PLACES).fold(u8::MAX, |those, place| those & at(place));
            found[0] |= u64::from(those & words.sure != 0) << i;
            found[1] |= u64::from(those & !words.sure != 0) << i;
        }
        found
    }

    fn ranks(self, feeds: u64, marked: u64, bases: u32, to: &mut [u8; BLOCK]) {
        ranks_one_by_one(feeds, marked, bases, to);
    }

    fn places(self, bits: u64, base: u32, to: &mut [u32; BLOCK]) {
        places_one_by_one(bits, base, to);
    }
}
