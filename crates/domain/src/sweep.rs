//! A file's bytes, a chunk at a time, to ends of lines and a key a line.
//!
//! Every block of 64 bytes is looked at once: a bit a byte for what the rules ask about. From there on
//! all is arithmetic on those words of bits, the same whatever the bytes are:
//!
//! - [`run`] follows bits from where something begins to where it ends, by the carry of an addition, also
//!   into the next block. So a kind of record says which bytes of its lines it counts.
//! - What is counted of a line is a difference of *ranks*. The rank of a line feed is how many bytes that
//!   are counted, and line feeds, stand before it, up to a multiple of 256. So blocks only write ranks
//!   down, as many as they have line feeds, and a chunk's counts come at once.
//!
//! A line whose bits do not tell all is *unclear*: it gets no key and goes the exact way. So does
//! anything but printable ASCII, white space at an end or twice in a row, and a line of more than
//! [`LONGEST`] bytes.

use crate::look::{BLOCK, Look, Window};
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
use crate::x86::Able;

/// The longest line that can have a key: ranks tell no longer ones.
pub(crate) const LONGEST: usize = 255;

/// The key of a line that has none.
pub(crate) const NO_KEY: u16 = u16::MAX;

/// Blocks of a chunk: few enough that all that is kept of them stays in the nearest cache.
const CHUNK: usize = 64;

/// Lines that can end in a chunk, and room for what is written behind the last.
const ENDS: usize = CHUNK * BLOCK + BLOCK;

/// What is counted of the lines of a file, and the key that follows.
pub(crate) trait Kind<const N: usize>: Copy {
    /// What a block leaves to the next.
    type Carry: Copy + Default;

    /// Which bytes of a block count, in `N` ways.
    fn count(self, look: impl Look, lines: Lines, carry: &mut Self::Carry) -> Counted<N>;

    /// The key of a line of this length, 0 to [`LONGEST`], with these counts; or [`NO_KEY`].
    fn key(self, length: u8, counts: [u8; N]) -> u16;
}

/// What is known of a block before anything is counted.
#[derive(Clone, Copy)]
pub(crate) struct Lines {
    /// The line feeds.
    pub(crate) feeds: u64,
    /// The first byte of each line.
    pub(crate) starts: u64,
    pub(crate) spaces: u64,
    /// The bytes behind a space or a line feed.
    pub(crate) after_white: u64,
}

/// Which bytes of a block count.
pub(crate) struct Counted<const N: usize> {
    pub(crate) masks: [u64; N],
    /// A bit anywhere in a line, or at its line feed, says that the line must go the exact way.
    pub(crate) unclear: u64,
}

/// From each bit of `from` the bits of `through` up to the first that is missing: those bits, and the
/// missing one. The carry, 1 or 0, takes a run into the next block; where it does none begins anew. Of two
/// bits of `from` in one run the second is not among the bits given.
#[inline(always)]
pub(crate) fn run(through: u64, from: u64, carry: &mut u64) -> (u64, u64) {
    let (sum, over) = through.overflowing_add(from | *carry);
    *carry = u64::from(over);
    (through & !sum, sum & !through)
}

/// Some blocks of a file.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// The file from the first block on.
    bytes: &'a [u8],
    /// Where in the file that is.
    base: usize,
    blocks: usize,
}

/// The lines that end in a chunk.
pub(crate) struct Ended<'a> {
    /// Where the first of them begins.
    pub(crate) start: usize,
    /// The line feed of each.
    pub(crate) feeds: &'a [u32],
    /// The key of each.
    pub(crate) keys: &'a [u16],
    /// Whether every one has a key.
    pub(crate) has_all_keys: bool,
    /// Where the chunk ends.
    pub(crate) end: usize,
}

/// Where the sweep stands, and what it found in the last chunk.
pub(crate) struct Sweep<const N: usize, C> {
    /// Where the first line that did not end yet begins.
    start: usize,
    /// What the block before leaves.
    carry: C,
    /// 1 when the byte before is white space, and when it is a line feed.
    after: (u64, u64),
    /// Whether that line is unclear already.
    is_unclear: bool,
    /// How many lines ended in the chunk.
    ended: usize,
    feeds: [u32; ENDS],
    /// The rank of each line feed among all bytes, behind that of the line feed before the chunk.
    places: [u8; ENDS],
    /// And among those that count.
    ranks: [[u8; ENDS]; N],
    /// The last of these ranks, or what they start at in the next block.
    bases: [u8; N],
    keys: [u16; ENDS],
    has_all_keys: bool,
    /// By block, to find the lines that are unclear.
    feed_bits: [u64; CHUNK],
    unclear_bits: [u64; CHUNK + 1],
}

impl<const N: usize, C: Copy + Default> Sweep<N, C> {
    /// Reads the file from where a line begins, and shows the lines of each chunk. Gives the place of
    /// the first line that it left: at the end there are too few bytes for a look. Where the processor
    /// has no vectors it leaves all, since one line after the other is then faster.
    pub(crate) fn run<K: Kind<N, Carry = C>, E>(
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

    fn run_by<K: Kind<N, Carry = C>, E>(
        kind: K,
        bytes: &[u8],
        from: usize,
        read: impl Fn(&mut Sweep<N, C>, K, Chunk<'_>),
        mut each: impl FnMut(Ended<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut sweep = Sweep {
            start: from,
            carry: C::default(),
            after: (1, 1),
            is_unclear: false,
            ended: 0,
            feeds: [0; ENDS],
            places: [(from as u8).wrapping_sub(1); ENDS],
            ranks: [[0; ENDS]; N],
            bases: [1; N],
            keys: [0; ENDS],
            has_all_keys: true,
            feed_bits: [0; CHUNK],
            unclear_bits: [0; CHUNK + 1],
        };
        let seen_ahead = size_of::<Window>() - BLOCK;
        let mut blocks = (bytes.len() - from).saturating_sub(seen_ahead) / BLOCK;
        let mut base = from;
        while blocks > 0 {
            let (start, chunk) = (sweep.start, blocks.min(CHUNK));
            read(&mut sweep, kind, Chunk { bytes: &bytes[base..], base, blocks: chunk });
            blocks -= chunk;
            base += chunk * BLOCK;
            each(Ended {
                start,
                feeds: &sweep.feeds[..sweep.ended],
                keys: &sweep.keys[..sweep.ended],
                has_all_keys: sweep.has_all_keys,
                end: base,
            })?;
        }
        Ok(sweep.start)
    }

    /// Reads a chunk by looks of this kind.
    #[inline(always)]
    pub(crate) fn read_by<'a, K: Kind<N, Carry = C>, L: Look>(
        &mut self,
        kind: K,
        chunk: Chunk<'a>,
        look: impl Fn(&'a Window) -> L,
    ) {
        let is_unclear = self.look(kind, &chunk, &look);
        self.measure(kind);
        self.leave_long();
        if let (true, Some(window)) = (is_unclear, chunk.bytes.first_chunk()) {
            self.leave_unclear(look(window), chunk.blocks);
        }
        if let Some(&feed) = self.feeds[..self.ended].last() {
            self.start = feed as usize + 1;
        }
        self.has_all_keys = self.keys[..self.ended].iter().fold(0, |a, &key| a.max(key)) != NO_KEY;
    }

    /// The ranks of all line feeds; says whether anything is unclear.
    #[inline(always)]
    fn look<'a, K: Kind<N, Carry = C>, L: Look>(
        &mut self,
        kind: K,
        chunk: &Chunk<'a>,
        look: impl Fn(&'a Window) -> L,
    ) -> bool {
        // The rank of the line feed before the chunk comes first.
        self.places[0] = self.places[self.ended];
        for ranks in &mut self.ranks {
            ranks[0] = ranks[self.ended];
        }
        let (mut ended, mut any_unclear) = (0, u64::from(self.is_unclear));
        let (mut after_white, mut after_feed) = self.after;
        let (mut bases, mut carry) = (self.bases, self.carry);
        for i in 0..chunk.blocks {
            let Some(window) = chunk.bytes[i * BLOCK..].first_chunk() else { break };
            let look = look(window);
            let (feeds, spaces) = (look.equal(b'\n'), look.equal(b' '));
            let white = feeds | spaces;
            let lines = Lines {
                feeds,
                starts: feeds << 1 | after_feed,
                spaces,
                after_white: white << 1 | after_white,
            };
            (after_white, after_feed) = (white >> 63, feeds >> 63);
            let Counted { masks, unclear } = kind.count(look, lines, &mut carry);
            let unclear = unclear | look.odd() & !feeds | white & lines.after_white;
            any_unclear |= unclear;
            (self.feed_bits[i], self.unclear_bits[i]) = (feeds, unclear);

            let base = chunk.base + i * BLOCK;
            if let Some(to) = self.feeds[ended..].first_chunk_mut() {
                look.places(feeds, base as u32, to);
            }
            if let Some(to) = self.places[ended + 1..].first_chunk_mut() {
                look.ranks(feeds, u64::MAX, base as u8, to);
            }
            for ((ranks, base), mask) in self.ranks.iter_mut().zip(&mut bases).zip(masks) {
                if let Some(to) = ranks[ended + 1..].first_chunk_mut() {
                    look.ranks(feeds, mask, *base, to);
                }
                *base = base.wrapping_add((feeds | mask).count_ones() as u8);
            }
            ended += feeds.count_ones() as usize;
        }
        (self.ended, self.bases, self.carry) = (ended, bases, carry);
        self.after = (after_white, after_feed);
        any_unclear != 0
    }

    /// The key of each line that ended, by its ranks alone.
    #[inline(always)]
    fn measure<K: Kind<N, Carry = C>>(&mut self, kind: K) {
        let between =
            |ranks: &[u8; ENDS], i: usize| ranks[i + 1].wrapping_sub(ranks[i]).wrapping_sub(1);
        for i in 0..self.ended.min(ENDS - 1) {
            let counts = std::array::from_fn(|n| between(&self.ranks[n], i));
            self.keys[i] = kind.key(between(&self.places, i), counts);
        }
    }

    /// Takes the keys of lines that are too long for ranks.
    #[inline(always)]
    fn leave_long(&mut self) {
        let feeds = &self.feeds[..self.ended];
        if let [first, ..] = feeds
            && *first as usize - self.start > LONGEST
        {
            self.keys[0] = NO_KEY;
        }
        let lengths = || feeds.windows(2).map(|two| (two[1] - two[0]) as usize - 1);
        if lengths().fold(0, usize::max) > LONGEST {
            for (length, key) in lengths().zip(&mut self.keys[1..]) {
                if length > LONGEST {
                    *key = NO_KEY;
                }
            }
        }
    }

    /// Takes the keys of unclear lines: those that have any such bit, by ranks again.
    #[inline(always)]
    fn leave_unclear(&mut self, look: impl Look, blocks: usize) {
        let (feeds, unclear) = (&self.feed_bits[..blocks], &mut self.unclear_bits[..=blocks]);
        unclear[blocks] = 0;
        // A bit at a line feed becomes one at the byte before it. Of an empty line it is lost; that has no key.
        let mut is_unclear = self.is_unclear | (feeds[0] & unclear[0] & 1 == 1);
        let mut ranks = [0; ENDS];
        let (mut ended, mut base) = (0, 1 + u8::from(is_unclear));
        for (&feeds, two) in feeds.iter().zip(unclear.windows(2)) {
            let unclear = (two[0] | two[0] >> 1 | two[1] << 63) & !feeds;
            if let Some(to) = ranks[ended + 1..].first_chunk_mut() {
                look.ranks(feeds, unclear, base, to);
            }
            base = base.wrapping_add((feeds | unclear).count_ones() as u8);
            ended += feeds.count_ones() as usize;
            let open = u64::MAX.checked_shl(64 - feeds.leading_zeros()).unwrap_or(0);
            is_unclear = is_unclear & (feeds == 0) | (unclear & open != 0);
        }
        self.is_unclear = is_unclear;
        for (two, key) in ranks.windows(2).zip(&mut self.keys[..self.ended]) {
            if two[1].wrapping_sub(two[0]) != 1 {
                *key = NO_KEY;
            }
        }
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

    fn read<const N: usize, K: Kind<N>>(self, _: &mut Sweep<N, K::Carry>, _: K, _: Chunk<'_>) {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreetName;
    use crate::classes::Measure;
    use crate::letters::{Names, any_traits};
    use crate::look::{AHEAD, Bytes};
    use crate::street::{Streets, any_length};
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// Each line that the sweep read, with its key.
    fn read<const N: usize, K: Kind<N>>(
        kind: K,
        text: &str,
        by: impl Fn(&mut Sweep<N, K::Carry>, K, Chunk<'_>),
    ) -> Vec<(&str, u16)> {
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
        let left = BLOCK + AHEAD - 1;
        assert!(!text.as_bytes()[rest..].iter().rev().skip(left).any(|&b| b == b'\n'));
        lines
    }

    /// The same by each kind of vectors that there is, which must see what the twin byte by byte sees.
    fn keys<const N: usize, K: Kind<N>>(kind: K, text: &str) -> Vec<(&str, u16)> {
        let by_bytes = |sweep: &mut Sweep<N, K::Carry>, kind, chunk: Chunk<'_>| {
            sweep.read_by(kind, chunk, |window| Bytes(*window));
        };
        let lines = read(kind, text, by_bytes);
        #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
        for able in Able::all().into_iter().flatten() {
            let by_vectors = |sweep: &mut _, kind, chunk: Chunk<'_>| able.read(sweep, kind, chunk);
            assert_eq!(read(kind, text, by_vectors), lines);
        }
        lines
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
            for (line, key) in keys(Names, &text).into_iter().filter(|&(_, key)| key != NO_KEY) {
                prop_assert!(is_normal(line) && (key as usize) < Names::KEYS, "{:?}", line);
                prop_assert_eq!(Names::of_key(key), any_traits(line), "{:?}", line);
            }
        }

        #[test]
        fn an_address_with_a_key_has_the_length_of_the_general_way(text in texts(), full in any::<bool>()) {
            let rule = if full { StreetName::FullLine } else { StreetName::Address };
            for (line, key) in keys(Streets(rule), &text).into_iter().filter(|&(_, key)| key != NO_KEY) {
                prop_assert!(is_normal(line) && (key as usize) < Streets::KEYS, "{:?}", line);
                prop_assert_eq!(u32::from(key), any_length(line, rule).0, "{:?}", line);
            }
        }
    }

    #[test]
    fn every_line_up_to_the_longest_has_a_key_wherever_it_stands() {
        for length in (1..=BLOCK + 1).chain(LONGEST - BLOCK..=LONGEST + BLOCK).chain([511, 512]) {
            for before in 0..BLOCK + 2 {
                let line = "x".repeat(length);
                let text = format!("{}{line}\n{}", "y\n".repeat(before), "z".repeat(2 * BLOCK));
                let lines = keys(Streets(StreetName::Address), &text);
                let key = if length <= LONGEST { length as u16 } else { NO_KEY };
                assert_eq!(lines.last(), Some(&(line.as_str(), key)));
            }
        }
    }

    #[test]
    fn a_line_over_several_chunks_has_no_key_and_those_behind_have() {
        for length in [CHUNK * BLOCK - 1, CHUNK * BLOCK, 3 * CHUNK * BLOCK + 7] {
            let text =
                format!("Elm\n{}\n7 Elm\nAnn\n{}", "x".repeat(length), "z".repeat(2 * BLOCK));
            let found: Vec<u16> =
                keys(Streets(StreetName::Address), &text).iter().map(|line| line.1).collect();
            assert_eq!(found, [3, NO_KEY, 3, 3]);
        }
    }

    #[test]
    fn real_lines_have_keys() {
        let addresses = [
            ("63187 Volkman Garden Suite 447", "Volkman Garden"),
            ("4113 Holiday Drive, Panama City, FL 32408", "Holiday Drive"),
            ("Runolfsdottir Manors Apt. 3", "Runolfsdottir Manors"),
            ("7 Elm Row FLOOR 2", "Elm Row"),
            ("7 Elm #4", "Elm"),
            ("Aptos Way", "Aptos Way"),
            ("9 Suite 3", "Suite 3"),
            ("Elm Suite", "Elm Suite"),
        ];
        let behind = "x".repeat(2 * BLOCK);
        let text: String = addresses.iter().map(|(line, _)| format!("{line}\n")).collect();
        let text = text + &behind;
        for ((line, key), (_, name)) in
            keys(Streets(StreetName::Address), &text).into_iter().zip(addresses)
        {
            assert_eq!(usize::from(key), name.len(), "{line}");
        }
        let names = ["Everardo Welch", "Mary-Ann O'Brien Jr.", "Bo", "X"];
        let text = names.join("\n") + "\n" + &behind;
        assert!(keys(Names, &text).into_iter().all(|(_, key)| key != NO_KEY));
    }

    #[test]
    fn what_one_look_cannot_tell_goes_the_exact_way() {
        for line in [
            "12B Elm",
            "42nd Street",
            "500",
            ", Elm",
            "Elm , 3",
            "Elm Apt.. 4",
            "Elm Apt.4 5",
            "Elm Suite 4 b",
            "Elm Apt #4",
            "Elm # 4",
            "Elm Apartment 4",
            "Elm Rm 4",
            "Elm Apt.",
            "é",
            "Elm  Row",
            " Elm",
            "Elm ",
            "",
            "\t",
        ] {
            let text = format!("Elm\n{line}\nElm\n{}", "x".repeat(2 * BLOCK));
            let found: Vec<u16> =
                keys(Streets(StreetName::Address), &text).iter().map(|line| line.1).collect();
            assert_eq!(found, [3, NO_KEY, 3], "{line:?}");
        }
    }
}
