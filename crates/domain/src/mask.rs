//! What a window of bytes looks like: a bit a byte, or counts.
//!
//! The fast paths of `street` and `letters` and the line splitter are arithmetic on these. There is no
//! branch on a byte: bits come from words of eight bytes, counts from a loop of a fixed number of
//! rounds, of which the compiler makes vector code without a word of unsafe.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// Where the window has this byte: bit `i` for byte `i`; `N` up to 64, a multiple of 8.
#[inline(always)]
pub(crate) fn equal<const N: usize>(window: &[u8; N], byte: u8) -> u64 {
    by_words(window, |word| {
        let differs = word ^ (u64::from(byte) * ONES);
        // The high bit of each byte: is any of its bits set? No byte carries into the next.
        !(((differs & !HIGH) + !HIGH) | differs) & HIGH
    })
}

/// Where the window has first this byte or an odd one: the lowest bit is right, and none is set where
/// there is none; above the lowest there may be bits that mean nothing.
#[inline(always)]
pub(crate) fn first_odd_or<const N: usize>(window: &[u8; N], byte: u8) -> u64 {
    by_words(window, |word| {
        let differs = word ^ (u64::from(byte) * ONES);
        // A borrow reaches only bytes above one that is found, so the lowest found is right.
        let found = differs.wrapping_sub(ONES) & !differs;
        let control = word.wrapping_sub(0x20 * ONES);
        (found | control | word) & HIGH
    })
}

/// One bit a byte from the high bits of each word's bytes.
#[inline(always)]
fn by_words<const N: usize>(window: &[u8; N], high_bits: impl Fn(u64) -> u64) -> u64 {
    let mut bits = 0;
    for (i, eight) in window.as_chunks::<8>().0.iter().enumerate() {
        // Byte i's bit goes from 8 i + 7 to 56 + i: by 49 - 7 i.
        let gathered = high_bits(u64::from_le_bytes(*eight)).wrapping_mul(0x0002_0408_1020_4081);
        bits |= (gathered >> 56) << (8 * i);
    }
    bits
}

/// Control characters and whatever is not ASCII: nothing for a fast path.
#[inline(always)]
pub(crate) fn is_odd(byte: u8) -> bool {
    // As a signed number, all that is not ASCII is negative.
    (byte as i8) < 0x20
}

/// Bytes of a name that are counted at once.
pub(crate) const NAME_STEP: usize = 32;

/// What R5 and R6 need of some bytes of a name.
pub(crate) struct NameCounts {
    /// ASCII letters.
    pub(crate) letters: u32,
    /// The ASCII letters a, e, i, o, u of either case.
    pub(crate) vowels: u32,
    /// Neither an odd byte (see [`is_odd`]) nor two spaces in a row.
    pub(crate) is_plain: bool,
}

/// 0, 1, 2 and so on: in bytes, since a loop's counter would make the vectors wider.
const LANES: [u8; NAME_STEP] = {
    let mut lanes = [0; NAME_STEP];
    let mut i = 0;
    while i < NAME_STEP {
        lanes[i] = i as u8;
        i += 1;
    }
    lanes
};

/// Counts over the first `n` bytes of the window; its last byte only says whether a space follows.
#[inline(always)]
pub(crate) fn name_counts(window: &[u8; NAME_STEP + 1], n: usize) -> NameCounts {
    let n = n.min(NAME_STEP) as u8;
    let (mut letters, mut vowels, mut bad) = (0u8, 0u8, 0u8);
    for i in 0..NAME_STEP {
        let byte = window[i];
        // Sets bit 5, which lower-cases letters and makes a letter of nothing else.
        let lower = byte | 0x20;
        let is_vowel =
            (lower == b'a') | (lower == b'e') | (lower == b'i') | (lower == b'o') | (lower == b'u');
        let is_letter = lower.wrapping_sub(b'a') < 26;
        let two_spaces = (byte == b' ') & (window[i + 1] == b' ');
        let within = LANES[i] < n;
        vowels += u8::from(within & is_vowel);
        letters += u8::from(within & is_letter);
        bad |= u8::from(within & (is_odd(byte) | two_spaces));
    }
    NameCounts { letters: letters.into(), vowels: vowels.into(), is_plain: bad == 0 }
}

/// The `N` bytes from `start`; behind the end of `bytes`, zeros.
#[inline]
pub(crate) fn window<'a, const N: usize>(
    bytes: &'a [u8],
    start: usize,
    scratch: &'a mut [u8; N],
) -> &'a [u8; N] {
    let rest = &bytes[start..];
    match rest.first_chunk::<N>() {
        Some(window) => window,
        None => {
            *scratch = [0; N];
            scratch[..rest.len()].copy_from_slice(rest);
            scratch
        }
    }
}

/// A mask of the lowest `n` bits; `n` up to 64.
#[inline]
pub(crate) fn low(n: usize) -> u64 {
    u64::MAX.checked_shr(64 - n as u32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte value at each place, beside others.
    fn windows<const N: usize>() -> impl Iterator<Item = [u8; N]> {
        (0..=255u8).map(|first| std::array::from_fn(|i| first.wrapping_add((i * 17) as u8)))
    }

    #[test]
    fn a_bit_stands_for_a_byte() {
        for window in windows::<64>() {
            let spaces = equal(&window, b' ');
            for (i, b) in window.into_iter().enumerate() {
                assert_eq!(spaces >> i & 1 == 1, b == b' ');
            }
        }
        assert_eq!(equal(&[b' '; 64], b' '), u64::MAX);
        assert_eq!(equal(b"!  !\x1f \xa0\xff", b' '), 0b0010_0110);
    }

    #[test]
    fn the_first_odd_byte_or_comma_is_right() {
        let plain: Vec<u8> = (0x20..0x80).filter(|&b| b != b',').collect();
        for at in 0..64 {
            let mut window: [u8; 64] = std::array::from_fn(|i| plain[(i * 7 + at) % plain.len()]);
            assert_eq!(first_odd_or(&window, b','), 0);
            for b in (0..=255).filter(|&b| is_odd(b) || b == b',') {
                window[at] = b;
                assert_eq!(first_odd_or(&window, b',').trailing_zeros() as usize, at, "{b}");
            }
        }
        for b in 0..=255 {
            assert_eq!(is_odd(b), !b.is_ascii() || b < 0x20);
        }
    }

    #[test]
    fn counts_stop_at_the_end_of_the_name() {
        for window in windows::<33>() {
            for n in 0..40 {
                let name = &window[..n.min(32)];
                let count = |test: fn(&u8) -> bool| name.iter().filter(|b| test(b)).count() as u32;
                let counts = name_counts(&window, n);
                assert_eq!(counts.letters, count(u8::is_ascii_alphabetic));
                assert_eq!(counts.vowels, count(|b| b"aeiouAEIOU".contains(b)));
                assert_eq!(counts.is_plain, count(|&b| is_odd(b)) == 0);
            }
        }
    }

    #[test]
    fn two_spaces_are_seen_across_the_end_of_a_window() {
        let mut window = [b'x'; 33];
        (window[31], window[32]) = (b' ', b' ');
        assert!(!name_counts(&window, 32).is_plain);
        assert!(name_counts(&window, 31).is_plain);
        window[32] = b'x';
        assert!(name_counts(&window, 32).is_plain);
    }

    #[test]
    fn low_bits_and_windows_at_the_end() {
        assert_eq!([low(0), low(1), low(63), low(64)], [0, 1, u64::MAX >> 1, u64::MAX]);
        assert_eq!(window(b"abc", 1, &mut [7; 4]), b"bc\0\0");
        assert_eq!(window(b"abcd", 0, &mut [7; 4]), b"abcd");
        assert_eq!(window(b"abcd", 4, &mut [7; 4]), &[0; 4]);
    }
}
