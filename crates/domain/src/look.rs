//! What a block of 64 bytes looks like, a bit a byte: bit `i` for byte `i`.
//!
//! A look at a block asks the same of all its bytes at once. That is worth it with vectors, as in `x86`.
//! A twin that goes byte by byte is there for the tests: both must see the same.

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// A block, to be asked about its bytes.
pub(crate) trait Look: Copy {
    /// Where this byte is.
    fn equal(self, byte: u8) -> u64;

    /// Where one of these bytes is.
    fn any_of<const N: usize>(self, bytes: [u8; N]) -> u64;

    /// Where a byte of this range is, both ends in it.
    fn between(self, first: u8, last: u8) -> u64;

    /// Where a control character is or what is not ASCII.
    fn odd(self) -> u64;

    /// The block with bit 5 of each byte set, which lower-cases letters and makes a letter of nothing
    /// else.
    fn lower(self) -> Self;
}

/// The twin byte by byte.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) struct Bytes(pub(crate) [u8; BLOCK]);

#[cfg(test)]
impl Bytes {
    fn that(self, is: impl Fn(u8) -> bool) -> u64 {
        (0..).zip(self.0).map(|(i, byte)| u64::from(is(byte)) << i).sum()
    }
}

#[cfg(test)]
impl Look for Bytes {
    fn equal(self, byte: u8) -> u64 {
        self.that(|b| b == byte)
    }

    fn any_of<const N: usize>(self, bytes: [u8; N]) -> u64 {
        self.that(|b| bytes.contains(&b))
    }

    fn between(self, first: u8, last: u8) -> u64 {
        self.that(|b| (first..=last).contains(&b))
    }

    fn odd(self) -> u64 {
        self.that(|b| b.is_ascii_control() && b != 0x7f || !b.is_ascii())
    }

    fn lower(self) -> Bytes {
        Bytes(self.0.map(|byte| byte | 0x20))
    }
}
