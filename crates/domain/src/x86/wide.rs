//! Bits of a group in one vector of AVX-512.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_andnot_si512,
    _mm512_cmpeq_epi64_mask, _mm512_cmplt_epi64_mask, _mm512_cmplt_epu64_mask, _mm512_loadu_si512,
    _mm512_mask_sub_epi64, _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_shldi_epi64, _mm512_storeu_si512, _mm512_test_epi64_mask,
};
use std::ops::{BitAnd, BitOr, Not};

use crate::bits::{Bits, GROUP};
use crate::look::Look;

/// Bits of a group. That there are some is the evidence that the processor has what a `Whole` needs.
#[derive(Clone, Copy)]
pub(super) struct Wide(__m512i);

// SAFETY, of all unsafe code from here on: AVX-512 with all that a `Whole` needs is there, as there is
// a `Wide` or a `Whole`; loads and stores are as long as what they are of, and ask for no alignment.

impl BitAnd for Wide {
    type Output = Wide;

    #[inline(always)]
    fn bitand(self, other: Wide) -> Wide {
        Wide(unsafe { _mm512_and_si512(self.0, other.0) })
    }
}

impl BitOr for Wide {
    type Output = Wide;

    #[inline(always)]
    fn bitor(self, other: Wide) -> Wide {
        Wide(unsafe { _mm512_or_si512(self.0, other.0) })
    }
}

impl Not for Wide {
    type Output = Wide;

    #[inline(always)]
    fn not(self) -> Wide {
        Wide(unsafe { _mm512_andnot_si512(self.0, _mm512_set1_epi64(-1)) })
    }
}

impl Bits for Wide {
    #[inline(always)]
    fn load(words: &[u64; GROUP], _: impl Look<Bits = Wide>) -> Wide {
        Wide(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [u64; GROUP]) {
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn any(self) -> bool {
        unsafe { _mm512_test_epi64_mask(self.0, self.0) != 0 }
    }

    #[inline(always)]
    fn shifted(self, carry: &mut u64) -> Wide {
        unsafe {
            let before = _mm512_set1_epi64((*carry << 63).cast_signed());
            let before = _mm512_alignr_epi64::<7>(self.0, before);
            *carry = u64::from(_mm512_cmplt_epi64_mask(self.0, _mm512_setzero_si512()) >> 7);
            Wide(_mm512_shldi_epi64::<1>(self.0, before))
        }
    }

    /// Each word is added for itself. Those that come out as all ones pass a carry on, and by another
    /// addition, of a bit a word, it is known at once which words carries reach.
    #[inline(always)]
    fn plus(self, other: Wide, carry: &mut u64) -> Wide {
        unsafe {
            let ones = _mm512_set1_epi64(-1);
            let sum = _mm512_add_epi64(self.0, other.0);
            let over = u64::from(_mm512_cmplt_epu64_mask(sum, self.0));
            let full = u64::from(_mm512_cmpeq_epi64_mask(sum, ones));
            let reached = (over << 1 | *carry) + full;
            *carry = reached >> 8;
            let reached = (reached ^ full) as u8;
            Wide(_mm512_mask_sub_epi64(sum, reached, sum, ones))
        }
    }
}
