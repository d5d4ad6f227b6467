//! The sweep with vectors, on processors that have them: 32 or 64 bytes at once, and counts of bits.
//!
//! Unsafe code is here, in its two kinds of vectors, and in `utf8`. It is worth it: without, records take
//! more than five times as long.

#![allow(
    unsafe_code,
    reason = "functions for a processor that was looked for before they are called"
)]

mod halves;
mod whole;
mod wide;

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use crate::look::Window;
use crate::sweep::{Chunk, Kind, Sweep};
use halves::Halves;
use whole::Whole;

/// That this processor has vectors, and all else that the functions below are compiled for.
#[derive(Clone, Copy)]
pub(crate) enum Able {
    /// AVX2: vectors of half a block.
    Halves(()),
    /// AVX-512: vectors of a block, that also write down only what is wanted of it.
    Whole(()),
}

impl Able {
    pub(crate) fn look_for() -> Option<Able> {
        Able::all().into_iter().flatten().next_back()
    }

    /// What this processor has, the better behind.
    pub(crate) fn all() -> [Option<Able>; 2] {
        let has_halves = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        let has_whole = has_halves
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("gfni");
        [has_halves.then_some(Able::Halves(())), has_whole.then_some(Able::Whole(()))]
    }

    pub(crate) fn read<const N: usize, K: Kind<N>>(
        self,
        sweep: &mut Sweep<N, K>,
        chunk: Chunk<'_>,
    ) {
        // SAFETY: that there is an `Able` says that the processor has all that is asked for.
        unsafe {
            match self {
                Able::Halves(()) => read_halves(sweep, chunk),
                Able::Whole(()) => read_whole(sweep, chunk),
            }
        }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn read_halves<const N: usize, K: Kind<N>>(sweep: &mut Sweep<N, K>, chunk: Chunk<'_>) {
    sweep.read_by(chunk, |window| {
        fetch_behind(window);
        // SAFETY: this function is called only where there are such vectors.
        unsafe { Halves::new(window) }
    });
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,gfni,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn read_whole<const N: usize, K: Kind<N>>(sweep: &mut Sweep<N, K>, chunk: Chunk<'_>) {
    sweep.read_by(chunk, |window| {
        fetch_behind(window);
        // SAFETY: this function is called only where there are such vectors.
        unsafe { Whole::new(window) }
    });
}

/// Whether all bytes are ASCII.
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: it was looked for.
        return unsafe { is_ascii_by_halves(bytes) };
    }
    bytes.is_ascii()
}

#[target_feature(enable = "avx2")]
fn is_ascii_by_halves(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | byte).is_ascii()
}

/// How far behind a block the bytes are that are fetched when it is looked at: about a chunk.
const BEHIND: usize = 4096;

/// Asks for bytes of the next chunk. While a chunk is measured the processor sees no reason to fetch them,
/// and their time would be a third of the whole.
#[inline(always)]
fn fetch_behind(window: &Window) {
    let behind = window.as_ptr().cast::<i8>().wrapping_add(BEHIND);
    // SAFETY: a hint may name any place, even one that is nobody's: nothing is read.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(behind) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{AHEAD, BLOCK, Bytes, Look, Words};

    static WORDS: Words = Words::none(1)
        .allow(0, 0, b'a')
        .allow(0, 1, b'.')
        .allow_all_from(0, 2)
        .allow(5, 0, b'7')
        .allow_all_from(5, 1);

    fn seen<L: Look>(look: L) -> Vec<u64> {
        let mut seen = vec![
            look.equal(b' '),
            look.equal(0),
            look.next_equal(b'#'),
            look.between(b'0', b'9'),
            look.letters(),
            look.vowels(),
            look.odd(),
        ];
        let (feeds, counted) = (seen[1] | seen[5], seen[4]);
        let (mut ranks, mut places) = ([0; BLOCK], [0; BLOCK]);
        look.ranks(feeds, feeds | counted, 200 * 0x0101_0101, &mut ranks);
        look.places(feeds, 1 << 20, &mut places);
        let ended = feeds.count_ones() as usize;
        seen.extend(ranks[..ended].iter().map(|&rank| u64::from(rank)));
        seen.extend(places[..ended].iter().map(|&place| u64::from(place)));
        seen
    }

    /// What each kind of vectors that there is sees, which must be what the twin byte by byte does.
    fn agree(window: &Window, seen: [fn(&Window) -> Vec<u64>; 3]) {
        let [by_bytes, by_halves, by_whole] = seen;
        let expected = by_bytes(window);
        let [halves, whole] = Able::all();
        for by_vectors in [halves.map(|_| by_halves), whole.map(|_| by_whole)].into_iter().flatten()
        {
            assert_eq!(by_vectors(window), expected, "{window:?}");
        }
    }

    fn windows() -> impl Iterator<Item = Window> {
        // Miri takes a thousand times as long.
        (0..=255u8).step_by(if cfg!(miri) { 51 } else { 1 }).flat_map(|first| {
            [0, 1, 3, 17, 85, 128].map(|step| -> Window {
                std::array::from_fn(|i| first.wrapping_add((i * step) as u8))
            })
        })
    }

    #[test]
    fn all_twins_see_the_same() {
        // SAFETY, of all unsafe code in it: `agree` calls what there is.
        let seen: [fn(&Window) -> Vec<u64>; 3] = [
            |window| seen(Bytes(*window)),
            |window| seen(unsafe { Halves::new(window) }),
            |window| seen(unsafe { Whole::new(window) }),
        ];
        for window in windows().chain([[b'e'; BLOCK + AHEAD]]) {
            agree(&window, seen);
        }
    }

    #[test]
    fn all_twins_find_the_same_words_in_printable_text() {
        // SAFETY, of all unsafe code in it: `agree` calls what there is.
        let seen: [fn(&Window) -> Vec<u64>; 3] = [
            |window| Bytes(*window).next_words(&WORDS).to_vec(),
            |window| unsafe { Halves::new(window) }.next_words(&WORDS).to_vec(),
            |window| unsafe { Whole::new(window) }.next_words(&WORDS).to_vec(),
        ];
        let words = b"a.aA.7a.@e!x.anN".repeat(5);
        for window in windows().chain([std::array::from_fn(|i| words[i])]) {
            agree(&window.map(|byte| byte % 0x60 + 0x20), seen);
            agree(&window.map(|byte| if byte < 0x80 { byte.max(0x20) } else { b'a' }), seen);
        }
    }
}
