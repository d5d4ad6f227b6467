//! A file's bytes, a chunk at a time, to ends of lines and a key a line.
//!
//! Every block of 64 bytes is looked at once: a bit a byte for what the rules ask about. What a plain
//! record is follows from the bits between two line feeds, by shifts and counts, without a look at its
//! bytes and without a branch on what they are. Records that are not plain get no key and go the exact
//! way: anything but printable ASCII, white space at an end or twice in a row, more than a window, or
//! what the keys do not tell.

use crate::look::{BLOCK, Look};
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
use crate::x86::Able;

/// The longest record that can have a key: a word of bits, from any byte of them, has its line feed too.
pub(crate) const WINDOW: usize = 56;

/// The key of a record that has none.
pub(crate) const NO_KEY: u32 = u32::MAX;

/// Blocks of a chunk: few enough that all that is kept of them stays in the nearest cache.
const CHUNK: usize = 63;

/// What is asked about the bytes, in `N` masks, and what follows for a record.
pub(crate) trait Kind<const N: usize>: Copy {
    /// Most blocks have no more line feeds than this.
    const FEEDS: usize;

    /// The masks of a block.
    fn masks(look: impl Look) -> [u64; N];

    /// The key of a plain record, or [`NO_KEY`].
    fn key(self, record: Plain<'_, N>) -> u32;
}

/// A record of 1 to [`WINDOW`] printable ASCII characters, its white space single spaces within.
pub(crate) struct Plain<'a, const N: usize> {
    pub(crate) length: usize,
    masks: &'a [Bits; N],
    /// Where its first byte stands in the masks.
    at: usize,
    seen: [u64; N],
    bytes: &'a [u8],
    start: usize,
}

impl<const N: usize> Plain<'_, N> {
    /// Mask `I`: bit 0 is the first byte; behind the last there is none.
    #[inline(always)]
    pub(crate) fn mask<const I: usize>(&self) -> u64 {
        self.masks[I].from(self.at) & ((1 << self.length) - 1)
    }

    /// Whether mask `I` has a bit anywhere in the chunk: what is not there at all, as commas mostly, need
    /// not be looked for in each record.
    #[inline(always)]
    pub(crate) fn may_have<const I: usize>(&self) -> bool {
        self.seen[I] != 0
    }

    /// Eight bytes from a place in the record; they may reach beyond it.
    #[inline(always)]
    pub(crate) fn eight_from(&self, place: usize) -> Option<u64> {
        let at = self.start + place;
        Some(u64::from_le_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }
}

/// Some blocks of a file.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// The whole file.
    bytes: &'a [u8],
    /// Where in it the blocks begin.
    base: usize,
    blocks: &'a [[u8; BLOCK]],
}

/// The lines that end in a chunk.
pub(crate) struct Ended<'a> {
    /// Where the first of them begins.
    pub(crate) start: usize,
    /// The line feed of each.
    pub(crate) feeds: &'a [u32],
    /// The key of each.
    pub(crate) keys: &'a [u32],
    /// Whether every one has a key.
    pub(crate) has_all_keys: bool,
}

/// A bit for each byte of a chunk and of the block before it.
#[derive(Clone, Copy)]
struct Bits([u8; Bits::LAST + 8]);

impl Bits {
    /// Where the last byte stands that has bits. As a mask it keeps places within, so that nothing needs
    /// to be checked.
    const LAST: usize = (CHUNK + 1) * BLOCK / 8 - 1;

    const NONE: Bits = Bits([0; Bits::LAST + 8]);

    /// The bits of block `i`; 0 is the one before the chunk.
    #[inline(always)]
    fn set(&mut self, i: usize, bits: u64) {
        let at = (i * 8) & Bits::LAST;
        self.0[at..at + 8].copy_from_slice(&bits.to_le_bytes());
    }

    /// The bits from bit `at` on: at least 57.
    #[inline(always)]
    fn from(&self, at: usize) -> u64 {
        let byte = (at / 8) & Bits::LAST;
        self.0[byte..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word)) >> (at % 8)
    }
}

const _: () = assert!((Bits::LAST + 1).is_power_of_two());

/// Where the sweep stands, and what it found in the last chunk.
pub(crate) struct Sweep<const N: usize> {
    /// What a plain record does not have: odd bytes, and of two white spaces in a row the second.
    /// A line feed counts as one, so white space at the ends of a record and an empty one show too.
    bad: Bits,
    /// Whether there is any in the chunk or in the block before it.
    has_bad: bool,
    of_kind: [Bits; N],
    /// Of each mask the bits of all these blocks in one.
    seen: [u64; N],
    feeds: [u32; CHUNK * BLOCK + BLOCK],
    keys: [u32; CHUNK * BLOCK],
    /// 1 when the byte before is white space.
    after_white: u64,
    /// Where the first line that did not end yet begins.
    start: usize,
    /// How many lines ended in the chunk.
    ended: usize,
    has_all_keys: bool,
}

impl<const N: usize> Sweep<N> {
    /// Reads the file from where a line begins, and shows the lines of each chunk. Gives the place of
    /// the first line that it left: some blocks at the end are not whole. Where the processor has no
    /// vectors it leaves all, since one line after the other is then faster.
    pub(crate) fn run<K: Kind<N>, E>(
        kind: K,
        bytes: &[u8],
        from: usize,
        each: impl FnMut(Ended<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        match Able::look_for() {
            Some(able) => Sweep::run_by(
                kind,
                bytes,
                from,
                |sweep, kind, chunk| able.read(sweep, kind, chunk),
                each,
            ),
            None => Ok(from),
        }
    }

    fn run_by<K: Kind<N>, E>(
        kind: K,
        bytes: &[u8],
        from: usize,
        read: impl Fn(&mut Sweep<N>, K, Chunk<'_>),
        mut each: impl FnMut(Ended<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut sweep = Sweep {
            bad: Bits::NONE,
            has_bad: false,
            of_kind: [Bits::NONE; N],
            seen: [0; N],
            feeds: [0; CHUNK * BLOCK + BLOCK],
            keys: [0; CHUNK * BLOCK],
            after_white: 1,
            start: from,
            ended: 0,
            has_all_keys: true,
        };
        let (blocks, _) = bytes[from..].as_chunks::<BLOCK>();
        let mut base = from;
        for blocks in blocks.chunks(CHUNK) {
            let start = sweep.start;
            read(&mut sweep, kind, Chunk { bytes, base, blocks });
            base += blocks.len() * BLOCK;
            each(Ended {
                start,
                feeds: &sweep.feeds[..sweep.ended],
                keys: &sweep.keys[..sweep.ended],
                has_all_keys: sweep.has_all_keys,
            })?;
        }
        Ok(sweep.start)
    }

    /// Reads a chunk by looks of this kind.
    #[inline(always)]
    pub(crate) fn read_by<K: Kind<N>, L: Look>(
        &mut self,
        kind: K,
        chunk: Chunk<'_>,
        look: impl Fn(&[u8; BLOCK]) -> L,
    ) {
        self.look::<K, L>(&chunk, look);
        self.measure(kind, &chunk);
        let last = chunk.blocks.len() * BLOCK;
        for bits in self.of_kind.iter_mut().chain([&mut self.bad]) {
            bits.set(0, bits.from(last));
        }
    }

    /// The masks of all blocks, and the line feeds.
    #[inline(always)]
    fn look<K: Kind<N>, L: Look>(&mut self, chunk: &Chunk<'_>, look: impl Fn(&[u8; BLOCK]) -> L) {
        let mut ended = 0;
        let mut base = chunk.base as u32;
        let mut after_white = self.after_white;
        let mut any_bad = self.bad.from(0);
        self.seen = std::array::from_fn(|i| self.of_kind[i].from(0));
        for (i, block) in (1..).zip(chunk.blocks) {
            let look = look(block);
            let (feeds, white) = (look.equal(b'\n'), look.any_of(*b"\n "));
            let bad = look.odd() & !feeds | white & (white << 1 | after_white);
            after_white = white >> 63;
            any_bad |= bad;
            self.bad.set(i, bad);
            for (at, mask) in K::masks(look).into_iter().enumerate() {
                self.of_kind[at].set(i, mask);
                self.seen[at] |= mask;
            }
            ended += place(feeds, base, K::FEEDS, &mut self.feeds[ended..]);
            base += BLOCK as u32;
        }
        (self.ended, self.after_white, self.has_bad) = (ended, after_white, any_bad != 0);
    }

    /// The key of each line that ended.
    #[inline(always)]
    fn measure<K: Kind<N>>(&mut self, kind: K, chunk: &Chunk<'_>) {
        let (mut start, mut all) = (self.start, 0);
        let (masks, seen, bytes) = (&self.of_kind, self.seen, chunk.bytes);
        for (&feed, key) in self.feeds[..self.ended].iter().zip(&mut self.keys) {
            let feed = feed as usize;
            let length = feed - start;
            // A line of a window began in the block before the chunk, or in the chunk. Of others this means
            // nothing.
            let at = (start + BLOCK).wrapping_sub(chunk.base);
            // The line feed, too, tells of white space before it.
            let is_plain =
                length <= WINDOW && !(self.has_bad && self.bad.from(at) << (63 - length) != 0);
            *key = match is_plain {
                true => kind.key(Plain { length, masks, at, seen, bytes, start }),
                false => NO_KEY,
            };
            all |= *key;
            start = feed + 1;
        }
        (self.start, self.has_all_keys) = (start, all != NO_KEY);
    }
}

/// No vectors are known for this processor.
#[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
#[derive(Clone, Copy)]
enum Able {}

#[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
impl Able {
    fn look_for() -> Option<Able> {
        None
    }

    fn read<const N: usize, K: Kind<N>>(self, _: &mut Sweep<N>, _: K, _: Chunk<'_>) {
        match self {}
    }
}

/// Writes down where the bits are, and gives how many. There is room for 64; what is written behind the
/// last means nothing.
#[inline(always)]
fn place(bits: u64, base: u32, most: usize, places: &mut [u32]) -> usize {
    let mut left = bits;
    // Where there are no more there is no branch for each.
    let (most, more) = places[..BLOCK].split_at_mut(most);
    for place in most {
        *place = base + left.trailing_zeros();
        left &= left.wrapping_sub(1);
    }
    for place in more {
        if left == 0 {
            break;
        }
        *place = base + left.trailing_zeros();
        left &= left - 1;
    }
    bits.count_ones() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreetName;
    use crate::classes::Measure;
    use crate::letters::{Names, any_traits};
    use crate::look::Bytes;
    use crate::street::{Streets, any_length};
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// Each line that the sweep read, with its key.
    fn read<const N: usize, K: Kind<N>>(
        kind: K,
        text: &str,
        by: impl Fn(&mut Sweep<N>, K, Chunk<'_>),
    ) -> Vec<(&str, u32)> {
        let mut lines = Vec::new();
        let Ok(rest) = Sweep::run_by::<K, Infallible>(kind, text.as_bytes(), 0, by, |ended| {
            let mut start = ended.start;
            for (&feed, &key) in ended.feeds.iter().zip(ended.keys) {
                lines.push((&text[start..feed as usize], key));
                start = feed as usize + 1;
            }
            let keys = &lines[lines.len() - ended.keys.len()..];
            assert_eq!(ended.has_all_keys, keys.iter().all(|&(_, key)| key != NO_KEY));
            Ok(())
        });
        assert!(text[..rest].split_terminator('\n').eq(lines.iter().map(|&(line, _)| line)));
        assert!(!text.as_bytes()[rest..].iter().rev().skip(BLOCK - 1).any(|&b| b == b'\n'));
        lines
    }

    fn by_bytes<const N: usize, K: Kind<N>>(sweep: &mut Sweep<N>, kind: K, chunk: Chunk<'_>) {
        sweep.read_by(kind, chunk, |block| Bytes(*block));
    }

    /// Byte by byte where there are no vectors: the same again.
    fn by_vectors<const N: usize, K: Kind<N>>(sweep: &mut Sweep<N>, kind: K, chunk: Chunk<'_>) {
        match Able::look_for() {
            Some(able) => able.read(sweep, kind, chunk),
            None => by_bytes(sweep, kind, chunk),
        }
    }

    /// Lines of what the rules look at and of any other byte of ASCII, with some of Unicode.
    fn texts() -> impl Strategy<Value = String> {
        let common =
            prop::sample::select(b"\n\n\n    ,,##..09aAeEyYzZ".to_vec()).prop_map(char::from);
        let any = prop_oneof![any::<u8>().prop_map(|b| char::from(b & 0x7f)), any::<char>()];
        let words = prop::sample::select(vec![
            "\n",
            "\n",
            " ",
            " ",
            " ",
            "Suite 447",
            " Apt. 3",
            " Fl.. 1",
            "Apartment",
            "# 9",
            "12 ",
            "1st ",
            "Elm",
            "Everardo",
            ", ",
            " ,",
            "  ",
            "\r\n",
            "\n\n",
            "aeiouaeiouaeiouaeiou",
            "--------",
            " Apt... 4",
        ]);
        let character =
            prop_oneof![12 => common.prop_map(String::from), 1 => any.prop_map(String::from)];
        let piece = prop_oneof![3 => character, 4 => words.prop_map(String::from)];
        let plain = prop::sample::select(vec![
            "63187 Volkman Garden Suite 447\n",
            "Everardo Welch\n",
            "x\n",
        ]);
        let plain = (plain, 0..140usize).prop_map(|(line, count)| line.repeat(count));
        (prop::collection::vec(piece.clone(), 0..400), plain, prop::collection::vec(piece, 0..100))
            .prop_map(|(before, plain, after)| before.concat() + &plain + &after.concat())
    }

    fn is_normal(line: &str) -> bool {
        !line.is_empty() && line == crate::normal_form(line)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn a_name_with_a_key_has_the_traits_of_the_general_way(text in texts()) {
            let lines = read(Names, &text, by_vectors);
            prop_assert_eq!(&lines, &read(Names, &text, by_bytes));
            for (line, key) in lines.into_iter().filter(|&(_, key)| key != NO_KEY) {
                prop_assert!(is_normal(line) && (key as usize) < Names::KEYS, "{:?}", line);
                prop_assert_eq!(Names::of_key(key), any_traits(line), "{:?}", line);
            }
        }

        #[test]
        fn an_address_with_a_key_has_the_length_of_the_general_way(text in texts(), full in any::<bool>()) {
            let rule = if full { StreetName::FullLine } else { StreetName::Address };
            let lines = read(Streets(rule), &text, by_vectors);
            prop_assert_eq!(&lines, &read(Streets(rule), &text, by_bytes));
            for (line, key) in lines.into_iter().filter(|&(_, key)| key != NO_KEY) {
                prop_assert!(is_normal(line) && (key as usize) < Streets::KEYS, "{:?}", line);
                prop_assert_eq!(key, any_length(line, rule).0, "{:?}", line);
            }
        }
    }

    #[test]
    fn every_line_up_to_a_window_has_a_key_wherever_it_stands() {
        for length in 1..=BLOCK + 1 {
            for before in 0..2 * BLOCK + 2 {
                let line = "x".repeat(length);
                let text = format!("{}{line}\n{}", "y\n".repeat(before), "z".repeat(BLOCK));
                let lines = read(Streets(StreetName::Address), &text, by_vectors);
                let key = if length <= WINDOW { length as u32 } else { NO_KEY };
                assert_eq!(lines.last(), Some(&(line.as_str(), key)));
            }
        }
    }

    #[test]
    fn real_lines_have_keys() {
        let keys = |lines: [&str; 4]| {
            let text = lines.join("\n") + "\n" + &"x".repeat(BLOCK);
            (
                read(Streets(StreetName::Address), &text, by_vectors).iter().all(|l| l.1 != NO_KEY),
                read(Names, &text, by_vectors).iter().all(|l| l.1 != NO_KEY),
            )
        };
        assert_eq!(
            keys([
                "63187 Volkman Garden Suite 447",
                "4113 Holiday Drive, Panama City, FL 32408",
                "Runolfsdottir Manors Apt. 3",
                "7 Elm #4",
            ]),
            (true, false)
        );
        assert_eq!(keys(["Everardo Welch", "Mary-Ann O'Brien Jr.", "Bo", "X"]), (true, true));
    }
}
