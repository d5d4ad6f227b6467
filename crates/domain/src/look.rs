//! What a block of 64 bytes looks like, a bit a byte: bit `i` for byte `i`.
//!
//! A look at a block asks the same of all its bytes at once. One twin is portable and works on words;
//! the other, in `x86`, has vectors. A test holds that both see the same.

use crate::mask;

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

/// The portable twin.
#[derive(Clone, Copy)]
pub(crate) struct Words(pub(crate) [u8; BLOCK]);

impl Look for Words {
    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        mask::equal(&self.0, byte)
    }

    #[inline(always)]
    fn any_of<const N: usize>(self, bytes: [u8; N]) -> u64 {
        mask::any_of(&self.0, bytes)
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        mask::between(&self.0, first, last)
    }

    #[inline(always)]
    fn odd(self) -> u64 {
        !mask::between(&self.0, 0x20, 0x7f)
    }

    #[inline(always)]
    fn lower(self) -> Words {
        Words(self.0.map(|byte| byte | 0x20))
    }
}
