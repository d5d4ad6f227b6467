//! A block in two vectors of AVX2.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    _mm256_sub_epi8,
};

use crate::bits::OneByOne;
use crate::look::{BLOCK, Look, Window, Words, places_one_by_one, ranks_one_by_one};

/// A block and what is behind it. That there is one is the evidence that the processor has AVX2: only
/// `new` makes them. No closures here: they may stay functions of their own, and the instructions in them
/// with them.
#[derive(Clone, Copy)]
pub(super) struct Halves<'a>(&'a Window);

impl<'a> Halves<'a> {
    /// # Safety
    /// The processor must have AVX2.
    #[inline(always)]
    pub(super) unsafe fn new(window: &'a Window) -> Halves<'a> {
        Halves(window)
    }

    /// Both halves, from up to eight bytes further on.
    #[inline(always)]
    fn from<const AT: usize>(self) -> [__m256i; 2] {
        const { assert!(BLOCK + AT <= size_of::<Window>()) };
        let first = self.0.as_ptr().wrapping_add(AT).cast::<__m256i>();
        // SAFETY: AVX2 is there, both halves are within the window, and the load asks for no alignment.
        unsafe { [_mm256_loadu_si256(first), _mm256_loadu_si256(first.add(1))] }
    }
}

/// The highest bit of each byte.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn bits(halves: [__m256i; 2]) -> u64 {
    // SAFETY: the caller has AVX2.
    let [low, high] = unsafe { [_mm256_movemask_epi8(halves[0]), _mm256_movemask_epi8(halves[1])] };
    u64::from(low as u32) | u64::from(high as u32) << 32
}

/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn equal(halves: [__m256i; 2], byte: u8) -> u64 {
    // SAFETY: the caller has AVX2.
    unsafe {
        let byte = _mm256_set1_epi8(byte as i8);
        bits([_mm256_cmpeq_epi8(halves[0], byte), _mm256_cmpeq_epi8(halves[1], byte)])
    }
}

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

/// Sets bit 5 of each byte, which lower-cases letters and makes a letter of nothing else.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn lower(half: __m256i) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe { _mm256_or_si256(half, _mm256_set1_epi8(0x20)) }
}

/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn vowels(half: __m256i) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe {
        let half = lower(half);
        let mut found = _mm256_setzero_si256();
        for vowel in *b"aeiou" {
            found = _mm256_or_si256(found, _mm256_cmpeq_epi8(half, _mm256_set1_epi8(vowel as i8)));
        }
        found
    }
}

/// For each byte the entry of its lower half in one table and of its higher half in another, both.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn look_up(half: __m256i, low: &[u8; 16], high: &[u8; 16]) -> __m256i {
    // SAFETY: the caller has AVX2, the tables are as long as the loads, which ask for no alignment.
    unsafe {
        let low = _mm256_broadcastsi128_si256(_mm_loadu_si128(low.as_ptr().cast()));
        let high = _mm256_broadcastsi128_si256(_mm_loadu_si128(high.as_ptr().cast()));
        let digit = _mm256_set1_epi8(15);
        let low = _mm256_shuffle_epi8(low, _mm256_and_si256(half, digit));
        let of_high = _mm256_and_si256(_mm256_srli_epi16::<4>(half), digit);
        _mm256_and_si256(low, _mm256_shuffle_epi8(high, of_high))
    }
}

// SAFETY, of all unsafe code in it: AVX2 is there, as there are `Halves`.
impl Look for Halves<'_> {
    type Bits = OneByOne;

    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        unsafe { equal(self.from::<0>(), byte) }
    }

    #[inline(always)]
    fn next_equal(self, byte: u8) -> u64 {
        unsafe { equal(self.from::<1>(), byte) }
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        let [a, b] = self.from::<0>();
        unsafe { bits([between(a, first, last), between(b, first, last)]) }
    }

    #[inline(always)]
    fn odd(self) -> u64 {
        let [a, b] = self.from::<0>();
        unsafe {
            // As a signed number, all that is not ASCII is negative.
            let space = _mm256_set1_epi8(0x20);
            bits([_mm256_cmpgt_epi8(space, a), _mm256_cmpgt_epi8(space, b)])
        }
    }

    #[inline(always)]
    fn letters(self) -> u64 {
        let [a, b] = self.from::<0>();
        unsafe { bits([between(lower(a), b'a', b'z'), between(lower(b), b'a', b'z')]) }
    }

    #[inline(always)]
    fn vowels(self) -> u64 {
        let [a, b] = self.from::<0>();
        unsafe { bits([vowels(a), vowels(b)]) }
    }

    #[inline(always)]
    fn next_words(self, words: &Words) -> [u64; 2] {
        const { assert!(Words::PLACES == 6) };
        let places = [
            self.from::<1>(),
            self.from::<2>(),
            self.from::<3>(),
            self.from::<4>(),
            self.from::<5>(),
            self.from::<6>(),
        ];
        unsafe {
            let mut those = [_mm256_set1_epi8(-1); 2];
            for ((bytes, low), high) in places.into_iter().zip(&words.low).zip(&words.high) {
                those[0] = _mm256_and_si256(those[0], look_up(bytes[0], low, high));
                those[1] = _mm256_and_si256(those[1], look_up(bytes[1], low, high));
            }
            let mut found = [0; 2];
            for (found, which) in found.iter_mut().zip([words.sure, !words.sure]) {
                let which = _mm256_set1_epi8(which as i8);
                let none = [_mm256_and_si256(those[0], which), _mm256_and_si256(those[1], which)];
                *found = !equal(none, 0);
            }
            found
        }
    }

    #[inline(always)]
    fn ranks(self, feeds: u64, marked: u64, bases: u32, to: &mut [u8; BLOCK]) {
        ranks_one_by_one(feeds, marked, bases, to);
    }

    #[inline(always)]
    fn places(self, bits: u64, base: u32, to: &mut [u32; BLOCK]) {
        places_one_by_one(bits, base, to);
    }
}
