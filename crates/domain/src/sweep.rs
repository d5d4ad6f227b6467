//! A file's bytes, a chunk at a time, to ends of lines and a key a line.
//!
//! Every block of 64 bytes is looked at once: a bit a byte for what the rules ask about. From there on
//! all is arithmetic on those words of bits, the same whatever the bytes are:
//!
//! - [`run`](crate::bits::run) follows bits from where something begins to where it ends, by the carry of
//!   an addition, also into the next block: eight blocks are one number. So a kind of record says which
//!   bytes of its lines it counts.
//! - What is counted of a line is a difference of *ranks*, which `ends` keeps.
//!
//! A line whose bits do not tell all is *unclear*: it gets no key and goes the exact way. So does
//! anything but printable ASCII, white space at an end or twice in a row, and a line of more than
//! [`LONGEST`] bytes.

mod ends;
#[cfg(test)]
mod tests;

use std::iter::zip;

use crate::bits::{Bits, GROUP};
use crate::look::{BLOCK, Look, Window};
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
use crate::x86::Able;
use ends::Ends;

/// The longest line that can have a key: ranks tell no longer ones.
pub(crate) const LONGEST: usize = 255;

/// The key of a line that has none.
pub(crate) const NO_KEY: u16 = u16::MAX;

/// Blocks of a chunk: few enough that all that is kept of them stays in the nearest cache.
const CHUNK: usize = 64;

/// What is counted of the lines of a file, and the key that follows.
pub(crate) trait Kind<const N: usize>: Copy {
    /// What is seen of the blocks of a group, beside white space.
    type Marks: Copy + Default;

    /// What a group leaves to the next.
    type Carry: Copy + Default;

    /// All that must be seen of block `at` of a group.
    fn see(self, look: impl Look, at: usize, marks: &mut Self::Marks);

    /// Which bytes of a group count, in `N` ways.
    fn count<L: Look>(
        self,
        marks: &Self::Marks,
        lines: Lines<L>,
        carry: &mut Self::Carry,
    ) -> Counted<N, L::Bits>;

    /// The key of a line of this length with these counts, which are right up to [`LONGEST`]; or [`NO_KEY`].
    fn key(self, length: u32, counts: [u8; N]) -> u16;
}

/// What is known of a group before anything is counted.
#[derive(Clone, Copy)]
pub(crate) struct Lines<L: Look> {
    /// A look at one of its blocks.
    pub(crate) look: L,
    /// The line feeds.
    pub(crate) feeds: L::Bits,
    /// Whether the last byte is one.
    pub(crate) ends_with_feed: bool,
    /// The first byte of each line.
    pub(crate) starts: L::Bits,
    pub(crate) spaces: L::Bits,
    /// The bytes behind a space or a line feed.
    pub(crate) after_white: L::Bits,
}

impl<L: Look> Lines<L> {
    /// No bit.
    #[inline(always)]
    pub(crate) fn none(&self) -> L::Bits {
        L::Bits::load(&[0; GROUP], self.look)
    }
}

/// Which bytes of a group count.
pub(crate) struct Counted<const N: usize, B> {
    pub(crate) masks: [B; N],
    /// A bit anywhere in a line, or at its line feed, says that the line must go the exact way.
    pub(crate) unclear: B,
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

impl Chunk<'_> {
    /// How many blocks of a group there are: all but at the end of the file.
    #[inline(always)]
    fn blocks_of(&self, group: usize) -> usize {
        self.blocks.saturating_sub(group * GROUP).min(GROUP)
    }
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

/// What was seen of a group.
#[derive(Clone, Copy, Default)]
struct Seen<M> {
    feeds: [u64; GROUP],
    spaces: [u64; GROUP],
    odd: [u64; GROUP],
    marks: M,
}

/// Where the sweep stands, and what it found in the last chunk.
pub(crate) struct Sweep<const N: usize, K: Kind<N>> {
    kind: K,
    /// What the block before leaves.
    carry: K::Carry,
    /// 1 when the byte before is white space.
    after_white: u64,
    /// 1 when it is a line feed.
    after_feed: u64,
    /// Whether the line that did not end yet is unclear already.
    is_unclear: bool,
    /// By group. The next is seen before one is counted: what was stored word by word must have arrived in
    /// the cache before it can be loaded as a whole.
    seen: [Seen<K::Marks>; CHUNK / GROUP],
    /// By block, to find the lines that are unclear.
    feeds: [u64; CHUNK],
    unclear: [u64; CHUNK + 1],
    ends: Ends<N>,
}

impl<const N: usize, K: Kind<N>> Sweep<N, K> {
    /// Reads the file from where a line begins, and shows the lines of each chunk. Gives the place of
    /// the first line that it left: at the end there are too few bytes for a look. Where the processor
    /// has no vectors it leaves all, since one line after the other is then faster.
    pub(crate) fn run<E>(
        kind: K,
        bytes: &[u8],
        from: usize,
        each: impl FnMut(Ended<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        match Able::look_for() {
            Some(able) => {
                Sweep::run_by(kind, bytes, from, |sweep, chunk| able.read(sweep, chunk), each)
            }
            None => Ok(from),
        }
    }

    fn run_by<E>(
        kind: K,
        bytes: &[u8],
        from: usize,
        read: impl Fn(&mut Sweep<N, K>, Chunk<'_>),
        mut each: impl FnMut(Ended<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut sweep = Sweep {
            kind,
            carry: K::Carry::default(),
            after_white: 1,
            after_feed: 1,
            is_unclear: false,
            seen: [Seen::default(); CHUNK / GROUP],
            feeds: [0; CHUNK],
            unclear: [0; CHUNK + 1],
            ends: Ends::behind(from),
        };
        let seen_ahead = size_of::<Window>() - BLOCK;
        let mut blocks = (bytes.len() - from).saturating_sub(seen_ahead) / BLOCK;
        let mut base = from;
        while blocks > 0 {
            let chunk = blocks.min(CHUNK);
            read(&mut sweep, Chunk { bytes: &bytes[base..], base, blocks: chunk });
            blocks -= chunk;
            base += chunk * BLOCK;
            each(sweep.ends.ended(base))?;
        }
        Ok(sweep.ends.next_start())
    }

    /// Reads a chunk by looks of this kind.
    #[inline(always)]
    pub(crate) fn read_by<'a, L: Look>(
        &mut self,
        chunk: Chunk<'a>,
        look: impl Fn(&'a Window) -> L,
    ) {
        let Some(first) = chunk.bytes.first_chunk() else { return };
        let first = look(first);
        self.ends.forget();
        let mut any_unclear = self.is_unclear;
        let groups = chunk.blocks.min(CHUNK).div_ceil(GROUP);
        for group in 0..=groups {
            if group < groups {
                self.see(&chunk, group, &look);
            }
            if let Some(before) = group.checked_sub(1) {
                any_unclear |= self.count(&chunk, before, first);
            }
        }
        self.ends.measure(self.kind);
        if any_unclear {
            self.leave_unclear(first, chunk.blocks);
        }
    }

    /// Looks at the blocks of a group.
    #[inline(always)]
    fn see<'a, L: Look>(
        &mut self,
        chunk: &Chunk<'a>,
        group: usize,
        look: impl Fn(&'a Window) -> L,
    ) {
        let (blocks, bytes) = (chunk.blocks_of(group), &chunk.bytes[group * GROUP * BLOCK..]);
        let seen = &mut self.seen[group];
        if blocks < GROUP {
            *seen = Seen::default();
        }
        for i in 0..blocks {
            let Some(window) = bytes[i * BLOCK..].first_chunk() else { break };
            let look = look(window);
            seen.feeds[i] = look.equal(b'\n');
            seen.spaces[i] = look.equal(b' ');
            seen.odd[i] = look.odd();
            self.kind.see(look, i, &mut seen.marks);
        }
    }

    /// Counts in a group that was seen; says whether anything is unclear.
    #[inline(always)]
    fn count<L: Look>(&mut self, chunk: &Chunk<'_>, group: usize, look: L) -> bool {
        let seen = &self.seen[group];
        let load = |words| L::Bits::load(words, look);
        let (feeds, spaces, odd) = (load(&seen.feeds), load(&seen.spaces), load(&seen.odd));
        let white = feeds | spaces;
        let starts = feeds.shifted(&mut self.after_feed);
        let lines = Lines {
            look,
            feeds,
            ends_with_feed: self.after_feed != 0,
            starts,
            spaces,
            after_white: white.shifted(&mut self.after_white),
        };
        let Counted { masks, unclear } = self.kind.count(&seen.marks, lines, &mut self.carry);
        let unclear = unclear | odd & !feeds | white & lines.after_white;
        if let Some(to) = self.feeds[group * GROUP..].first_chunk_mut() {
            feeds.store(to);
        }
        if let Some(to) = self.unclear[group * GROUP..].first_chunk_mut() {
            unclear.store(to);
        }
        let mut marked = [[0; GROUP]; N];
        for (mask, to) in zip(masks, &mut marked) {
            (feeds | mask).store(to);
        }
        let base = (chunk.base + group * GROUP * BLOCK) as u32;
        self.ends.push(look, base, &seen.feeds, &marked, chunk.blocks_of(group));
        unclear.any()
    }

    /// Takes the keys of unclear lines.
    #[inline(always)]
    fn leave_unclear(&mut self, look: impl Look, blocks: usize) {
        let (feeds, unclear) = (&self.feeds[..blocks], &mut self.unclear[..=blocks]);
        unclear[blocks] = 0;
        // A bit at a line feed becomes one at the byte before it. Of an empty line it is lost; that has no key.
        let mut is_unclear = self.is_unclear | (feeds[0] & unclear[0] & 1 == 1);
        let mut leaver = self.ends.leave(is_unclear);
        for (&feeds, two) in zip(feeds, unclear.windows(2)) {
            let unclear = (two[0] | two[0] >> 1 | two[1] << 63) & !feeds;
            leaver.push(look, feeds, unclear);
            let open = u64::MAX.checked_shl(64 - feeds.leading_zeros()).unwrap_or(0);
            is_unclear = is_unclear & (feeds == 0) | (unclear & open != 0);
        }
        leaver.finish();
        self.is_unclear = is_unclear;
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

    fn read<const N: usize, K: Kind<N>>(self, _: &mut Sweep<N, K>, _: Chunk<'_>) {
        match self {}
    }
}
