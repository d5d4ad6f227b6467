//! The sweep with vectors, on processors that have them: 32 bytes at once, and counts of bits.
//!
//! The only unsafe code of this crate. It is worth it: without, records take about two and a half times as long.

#![allow(
    unsafe_code,
    reason = "functions for a processor that was looked for before they are called"
)]

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
    _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_sub_epi8,
};

use crate::look::{BLOCK, Look};
use crate::sweep::{Chunk, Kind, Sweep};

/// That this processor has vectors, and all else that [`read_able`] is compiled for.
#[derive(Clone, Copy)]
pub(crate) struct Able(());

impl Able {
    pub(crate) fn look_for() -> Option<Able> {
        let is_able = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        is_able.then_some(Able(()))
    }

    pub(crate) fn read<const N: usize, K: Kind<N>>(
        self,
        sweep: &mut Sweep<N>,
        kind: K,
        chunk: Chunk<'_>,
    ) {
        // SAFETY: that there is an `Able` says that the processor has all that is asked for.
        unsafe { read_able(sweep, kind, chunk) };
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn read_able<const N: usize, K: Kind<N>>(sweep: &mut Sweep<N>, kind: K, chunk: Chunk<'_>) {
    sweep.read_by(kind, chunk, |block| {
        fetch_behind(block);
        // SAFETY: this function is called only where there are vectors.
        unsafe { Vectors::new(block) }
    });
}

/// How far behind a block the bytes are that are fetched when it is looked at: about a chunk.
const BEHIND: usize = 4096;

/// Asks for bytes of the next chunk. While a chunk is measured the processor sees no reason to fetch them,
/// and their time would be a third of the whole.
#[inline(always)]
fn fetch_behind(block: &[u8; BLOCK]) {
    let behind = block.as_ptr().cast::<i8>().wrapping_add(BEHIND);
    // SAFETY: a hint may name any place, even one that is nobody's: nothing is read.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(behind) };
}

/// A block in two vectors. That there is one is the evidence that the processor has AVX2: only `new`
/// makes them, and methods of others. No closures here: they may stay functions of their own, and the
/// instructions in them with them.
#[derive(Clone, Copy)]
struct Vectors(__m256i, __m256i);

impl Vectors {
    /// # Safety
    /// The processor must have AVX2.
    #[inline(always)]
    unsafe fn new(block: &[u8; BLOCK]) -> Vectors {
        let halves = block.as_ptr().cast::<__m256i>();
        // SAFETY: both halves are within the block, the load asks for no alignment, and the caller has
        // AVX2.
        unsafe { Vectors(_mm256_loadu_si256(halves), _mm256_loadu_si256(halves.add(1))) }
    }

    /// The highest bit of each byte.
    #[inline(always)]
    fn bits(self) -> u64 {
        // SAFETY: AVX2 is there, as there are vectors.
        let [low, high] = unsafe { [_mm256_movemask_epi8(self.0), _mm256_movemask_epi8(self.1)] }
            .map(|x| x as u32);
        u64::from(low) | u64::from(high) << 32
    }
}

/// The bytes of a half that are one of these: all bits set.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn any_of<const N: usize>(half: __m256i, bytes: [u8; N]) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe {
        let mut found = _mm256_setzero_si256();
        for byte in bytes {
            found = _mm256_or_si256(found, _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte as i8)));
        }
        found
    }
}

/// The bytes of a half that are in this range: all bits set.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn between(half: __m256i, first: u8, last: u8) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe {
        let above = _mm256_sub_epi8(half, _mm256_set1_epi8(first as i8));
        let most = _mm256_set1_epi8((last - first) as i8);
        _mm256_cmpeq_epi8(_mm256_min_epu8(above, most), above)
    }
}

// SAFETY, of all unsafe code in it: AVX2 is there, as there are vectors.
impl Look for Vectors {
    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        self.any_of([byte])
    }

    #[inline(always)]
    fn any_of<const N: usize>(self, bytes: [u8; N]) -> u64 {
        unsafe { Vectors(any_of(self.0, bytes), any_of(self.1, bytes)) }.bits()
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        unsafe { Vectors(between(self.0, first, last), between(self.1, first, last)) }.bits()
    }

    #[inline(always)]
    fn odd(self) -> u64 {
        unsafe {
            // As a signed number, all that is not ASCII is negative.
            let space = _mm256_set1_epi8(0x20);
            Vectors(_mm256_cmpgt_epi8(space, self.0), _mm256_cmpgt_epi8(space, self.1))
        }
        .bits()
    }

    #[inline(always)]
    fn lower(self) -> Vectors {
        unsafe {
            let bit = _mm256_set1_epi8(0x20);
            Vectors(_mm256_or_si256(self.0, bit), _mm256_or_si256(self.1, bit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Bytes;

    fn seen(look: impl Look) -> [u64; 7] {
        [
            look.equal(b' '),
            look.equal(0),
            look.any_of(*b"aeiou"),
            look.between(b'0', b'9'),
            look.lower().between(b'a', b'z'),
            look.lower().equal(b'e'),
            look.odd(),
        ]
    }

    #[test]
    fn both_twins_see_the_same() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for first in 0..=255u8 {
            for step in [0, 1, 3, 17, 85, 128] {
                let block: [u8; BLOCK] =
                    std::array::from_fn(|i| first.wrapping_add((i * step) as u8));
                // SAFETY: looked for above.
                let vectors = unsafe { Vectors::new(&block) };
                assert_eq!(seen(vectors), seen(Bytes(block)), "{block:?}");
            }
        }
    }
}
