//! A block in one vector of AVX-512.

use std::arch::x86_64::{
    __m512i, _mm_storel_epi64, _mm256_storeu_si256, _mm512_add_epi8, _mm512_add_epi32,
    _mm512_and_si512, _mm512_castsi512_si128, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask,
    _mm512_cmple_epu8_mask, _mm512_cmplt_epi8_mask, _mm512_cvtepu8_epi32,
    _mm512_gf2p8affine_epi64_epi8, _mm512_loadu_si512, _mm512_maskz_compress_epi8,
    _mm512_maskz_permutexvar_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutexvar_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_storeu_si512, _mm512_sub_epi8,
    _mm512_test_epi8_mask, _pext_u64,
};

use super::wide::Wide;
use crate::look::{BLOCK, Look, Window, Words, places_one_by_one};

/// A block and what is behind it. That there is one is the evidence that the processor has AVX-512 with
/// BW, VL, VBMI and VBMI2, GFNI and BMI2: only `new` makes them. No closures here: they may stay functions of
/// their own, and the instructions in them with them.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    window: &'a Window,
    block: __m512i,
}

impl<'a> Whole<'a> {
    /// # Safety
    /// The processor must have AVX-512 with BW, VL, VBMI and VBMI2, GFNI and BMI2.
    #[inline(always)]
    pub(super) unsafe fn new(window: &'a Window) -> Whole<'a> {
        // SAFETY: the caller has AVX-512; otherwise as in `behind`.
        let block = unsafe { _mm512_loadu_si512(window.as_ptr().cast()) };
        Whole { window, block }
    }

    /// As many bytes from some further on, up to eight.
    #[inline(always)]
    fn behind<const BY: usize>(self) -> __m512i {
        const { assert!(BLOCK + BY <= size_of::<Window>()) };
        // SAFETY: AVX-512 is there, all bytes are within the window, and the load asks for no alignment.
        unsafe { _mm512_loadu_si512(self.window.as_ptr().wrapping_add(BY).cast()) }
    }
}

/// Seldom do more lines end in a block. For so many, few bytes are written, which are seldom in two cache lines.
const FEW_ENDS: u32 = 8;

/// 0, 1, 2 and so on.
static PLACES: [u8; BLOCK] = {
    let mut places = [0; BLOCK];
    let mut i = 0;
    while i < BLOCK {
        places[i] = i as u8;
        i += 1;
    }
    places
};

/// The places of the vowels: by the lower six bits of the byte, so of others too, of which none is a letter.
static VOWELS: [u8; BLOCK] = {
    let (vowels, mut table, mut i) = (*b"aeiouAEIOU", [0; BLOCK], 0);
    while i < vowels.len() {
        table[vowels[i] as usize % BLOCK] = 0x80;
        i += 1;
    }
    table
};

/// What [`Words::folded`] goes by: of each byte bits 0 to 4 and 6. A byte of the matrix, from the highest
/// on, is for a bit of the answer, from the lowest on.
const FOLD: i64 = 0x0102_0408_1040_0000;

// SAFETY, of all unsafe code in it: all that is needed is there, as there is a `Whole`.
impl Look for Whole<'_> {
    type Bits = Wide;

    #[inline(always)]
    fn equal(self, byte: u8) -> u64 {
        unsafe { _mm512_cmpeq_epi8_mask(self.block, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn next_equal(self, byte: u8) -> u64 {
        unsafe { _mm512_cmpeq_epi8_mask(self.behind::<1>(), _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        unsafe {
            let above = _mm512_sub_epi8(self.block, _mm512_set1_epi8(first as i8));
            _mm512_cmple_epu8_mask(above, _mm512_set1_epi8((last - first) as i8))
        }
    }

    #[inline(always)]
    fn odd(self) -> u64 {
        // As a signed number, all that is not ASCII is negative.
        unsafe { _mm512_cmplt_epi8_mask(self.block, _mm512_set1_epi8(0x20)) }
    }

    #[inline(always)]
    fn letters(self) -> u64 {
        unsafe {
            // Bit 5 lower-cases letters and makes a letter of nothing else.
            let lower = _mm512_or_si512(self.block, _mm512_set1_epi8(0x20));
            let above = _mm512_sub_epi8(lower, _mm512_set1_epi8(b'a' as i8));
            _mm512_cmple_epu8_mask(above, _mm512_set1_epi8(25))
        }
    }

    #[inline(always)]
    fn vowels(self) -> u64 {
        unsafe {
            let table = _mm512_loadu_si512(VOWELS.as_ptr().cast());
            let found = _mm512_maskz_permutexvar_epi8(self.letters(), self.block, table);
            _mm512_movepi8_mask(found)
        }
    }

    #[inline(always)]
    fn next_words(self, words: &Words) -> [u64; 2] {
        const { assert!(Words::PLACES == 6) };
        let places = [
            self.behind::<1>(),
            self.behind::<2>(),
            self.behind::<3>(),
            self.behind::<4>(),
            self.behind::<5>(),
            self.behind::<6>(),
        ];
        unsafe {
            let mut those = _mm512_set1_epi8(-1);
            for (bytes, table) in places.into_iter().zip(&words.folded) {
                let table = _mm512_loadu_si512(table.as_ptr().cast());
                let fold = _mm512_set1_epi64(FOLD);
                let folded = _mm512_gf2p8affine_epi64_epi8::<0>(bytes, fold);
                those = _mm512_and_si512(those, _mm512_permutexvar_epi8(folded, table));
            }
            let [sure, perhaps] = [words.sure, !words.sure];
            [
                _mm512_test_epi8_mask(those, _mm512_set1_epi8(sure as i8)),
                _mm512_test_epi8_mask(those, _mm512_set1_epi8(perhaps as i8)),
            ]
        }
    }

    #[inline(always)]
    fn ranks(self, feeds: u64, marked: u64, bases: u32, to: &mut [u8; BLOCK]) {
        unsafe {
            let places = _mm512_loadu_si512(PLACES.as_ptr().cast());
            let among = _pext_u64(feeds, marked);
            let ranks = _mm512_maskz_compress_epi8(among, places);
            let ranks = _mm512_add_epi8(ranks, _mm512_set1_epi32(bases.cast_signed()));
            if feeds.count_ones() > FEW_ENDS {
                _mm512_storeu_si512(to.as_mut_ptr().cast(), ranks);
            } else {
                _mm_storel_epi64(to.as_mut_ptr().cast(), _mm512_castsi512_si128(ranks));
            }
        }
    }

    #[inline(always)]
    fn places(self, bits: u64, base: u32, to: &mut [u32; BLOCK]) {
        unsafe {
            let places = _mm512_loadu_si512(PLACES.as_ptr().cast());
            let places = _mm512_maskz_compress_epi8(bits, places);
            let bases = _mm512_set1_epi32(base as i32);
            let first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
            let first = _mm512_add_epi32(first, bases);
            let ends = bits.count_ones();
            if ends <= FEW_ENDS {
                _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_castsi512_si256(first));
            } else if ends <= 16 {
                _mm512_storeu_si512(to.as_mut_ptr().cast(), first);
            } else {
                places_one_by_one(bits, base, to);
            }
        }
    }
}
