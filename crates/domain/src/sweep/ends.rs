//! Where lines end, and what is counted of each.
//!
//! The *rank* of a line feed is how many bytes that are counted, and line feeds, stand before it, up to a
//! multiple of 256. So blocks only write ranks down, as many as they have line feeds, and what a chunk's
//! lines count comes at once: by differences.

use super::{CHUNK, Ended, Kind, LONGEST, NO_KEY};
use crate::bits::GROUP;
use crate::look::{BLOCK, Look};

/// Lines that can end in a chunk, the line feed before it, and room for what is written behind the last.
const ENDS: usize = CHUNK * BLOCK + BLOCK;

/// The lines that end in a chunk.
pub(super) struct Ends<const N: usize> {
    count: usize,
    /// The line feed before the chunk, or one before the first line, and those in it.
    feeds: [u32; ENDS],
    /// The rank of each among the bytes that count.
    ranks: [[u8; ENDS]; N],
    /// What ranks start at in the next block.
    bases: [u8; N],
    keys: [u16; ENDS],
    has_all_keys: bool,
}

impl<const N: usize> Ends<N> {
    /// None; the first line begins here.
    pub(super) fn behind(start: usize) -> Ends<N> {
        Ends {
            count: 0,
            feeds: [(start as u32).wrapping_sub(1); ENDS],
            ranks: [[0; ENDS]; N],
            bases: [1; N],
            keys: [0; ENDS],
            has_all_keys: true,
        }
    }

    /// Where the first line begins that did not end.
    pub(super) fn next_start(&self) -> usize {
        self.feeds[self.count].wrapping_add(1) as usize
    }

    /// The lines, of a chunk that ends here.
    pub(super) fn ended(&self, end: usize) -> Ended<'_> {
        Ended {
            start: self.feeds[0].wrapping_add(1) as usize,
            feeds: &self.feeds[1..=self.count],
            keys: &self.keys[..self.count],
            has_all_keys: self.has_all_keys,
            end,
        }
    }

    /// Begins with the next chunk.
    #[inline(always)]
    pub(super) fn forget(&mut self) {
        self.feeds[0] = self.feeds[self.count];
        for ranks in &mut self.ranks {
            ranks[0] = ranks[self.count];
        }
        self.count = 0;
    }

    /// Adds the line feeds of so many blocks of a group that begins at `base`, and for each way to count
    /// those and the bytes that count.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        look: impl Look,
        base: u32,
        feeds: &[u64; GROUP],
        marked: &[[u64; GROUP]; N],
        blocks: usize,
    ) {
        // What blocks begin at, all of them first: numbers that come from memory are in all places of a
        // vector at no cost.
        let mut starts = [0; GROUP];
        let mut bases = [[0; GROUP]; N];
        for i in 0..blocks.min(GROUP) {
            starts[i] = base + (i * BLOCK) as u32;
            for n in 0..N {
                bases[n][i] = u32::from(self.bases[n]) * 0x0101_0101;
                self.bases[n] = self.bases[n].wrapping_add(marked[n][i].count_ones() as u8);
            }
        }
        let mut count = self.count;
        for i in 0..blocks.min(GROUP) {
            if let Some(to) = self.feeds[count + 1..].first_chunk_mut() {
                look.places(feeds[i], starts[i], to);
            }
            for n in 0..N {
                if let Some(to) = self.ranks[n][count + 1..].first_chunk_mut() {
                    look.ranks(feeds[i], marked[n][i], bases[n][i], to);
                }
            }
            count += feeds[i].count_ones() as usize;
        }
        self.count = count;
    }

    /// The key of each line, by its ranks alone.
    #[inline(always)]
    pub(super) fn measure<K: Kind<N>>(&mut self, kind: K) {
        let mut highest = 0;
        for i in 0..self.count.min(ENDS - 1) {
            let length = self.feeds[i + 1].wrapping_sub(self.feeds[i]).wrapping_sub(1);
            let counts = std::array::from_fn(|n| {
                self.ranks[n][i + 1].wrapping_sub(self.ranks[n][i]).wrapping_sub(1)
            });
            let key = if length <= LONGEST as u32 { kind.key(length, counts) } else { NO_KEY };
            self.keys[i] = key;
            highest = highest.max(key);
        }
        self.has_all_keys = highest != NO_KEY;
    }

    /// Takes the keys of lines that have any such bit as the given ones, by ranks again. The first line may have
    /// one already.
    #[inline(always)]
    pub(super) fn leave(&mut self, is_first: bool) -> Leaver<'_, N> {
        Leaver { ends: self, count: 0, base: 1 + u8::from(is_first), ranks: [0; ENDS] }
    }
}

/// See [`Ends::leave`].
pub(super) struct Leaver<'a, const N: usize> {
    ends: &'a mut Ends<N>,
    count: usize,
    base: u8,
    ranks: [u8; ENDS],
}

impl<const N: usize> Leaver<'_, N> {
    /// The next block: its line feeds, and the bits.
    #[inline(always)]
    pub(super) fn push(&mut self, look: impl Look, feeds: u64, bits: u64) {
        if let Some(to) = self.ranks[self.count + 1..].first_chunk_mut() {
            look.ranks(feeds, feeds | bits, u32::from(self.base) * 0x0101_0101, to);
        }
        self.base = self.base.wrapping_add((feeds | bits).count_ones() as u8);
        self.count += feeds.count_ones() as usize;
    }

    /// Takes the keys.
    #[inline(always)]
    pub(super) fn finish(self) {
        let keys = &mut self.ends.keys[..self.count];
        for (two, key) in self.ranks.windows(2).zip(&mut *keys) {
            if two[1].wrapping_sub(two[0]) != 1 {
                *key = NO_KEY;
            }
        }
        self.ends.has_all_keys = keys.iter().fold(0, |a, &key| a.max(key)) != NO_KEY;
    }
}
