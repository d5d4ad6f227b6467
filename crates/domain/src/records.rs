//! A column of records: texts in one arena, with their lines and ids.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use crate::RecordError;

/// Bytes a record may have after trimming.
pub const MAX_RECORD_BYTES: usize = 4096;

/// Bytes all texts and ids of a column may have together: what a `u32` can point into.
pub const MAX_ARENA_BYTES: usize = u32::MAX as usize;

/// Where a text stands in an arena.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Both ends must be within [`MAX_ARENA_BYTES`].
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end && end <= MAX_ARENA_BYTES);
        Span { start: start as u32, end: end as u32 }
    }

    #[inline]
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        self.start()..self.end()
    }
}

/// One record, as [`Records::iter`] shows it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The id, where the record has one.
    pub id: Option<&'a str>,
    /// The line in the file as given, from 1; without a file, the position, from 1.
    pub line: u32,
    /// The text as given, trimmed.
    pub text: &'a str,
}

/// A column of records in the order given: the texts as given (trimmed, not normalised), each with
/// its line and perhaps an id.
///
/// A record costs its bytes and four more; with an id the id's bytes and four more. Lines cost
/// nothing while they follow one another, and eight bytes at each gap. A file's bytes become the arena
/// as they are, without a copy.
#[derive(Clone, Default)]
pub struct Records {
    arena: String,
    /// Where each text begins. It ends where the next begins, or the arena; white space at its end, such
    /// as what ended the line, is not part of it.
    starts: Vec<u32>,
    /// All ids, one behind the other.
    ids: String,
    /// Where the id of each record ends in `ids`: as long as `starts`, or empty when no record has an id.
    id_ends: Vec<u32>,
    /// Where the lines do not just follow: (record, its line), ascending. Before the first, a
    /// record's line is its position.
    jumps: Vec<(u32, u32)>,
}

impl Records {
    /// No records.
    #[must_use]
    pub fn new() -> Records {
        Records::default()
    }

    /// No records, with room for `records` of `bytes` of text in all.
    #[must_use]
    pub fn with_capacity(records: usize, bytes: usize) -> Records {
        Records {
            arena: String::with_capacity(bytes),
            starts: Vec::with_capacity(records),
            ..Records::default()
        }
    }

    /// The same records with the arena that their spans were made for.
    pub(crate) fn with_arena(self, arena: String) -> Records {
        Records { arena, ..self }
    }

    /// Adds a record. `id` may be empty: no id; `line` may be 0: the position. Text and id are kept as
    /// given, but trimmed; ids are not compared (see [`Records::check_ids`]).
    ///
    /// # Errors
    /// `Empty`, `TooLong` (also for an id), `TooLarge`.
    pub fn push(&mut self, id: &str, line: u32, text: &str) -> Result<(), RecordError> {
        let (id, text) = (id.trim(), text.trim());
        let line = if line == 0 { self.starts.len() as u32 + 1 } else { line };
        if text.is_empty() {
            return Err(RecordError::Empty { line });
        }
        check_length(text.len().max(id.len()), line)?;
        check_arena(self.arena.len() + self.ids.len() + text.len() + id.len())?;
        if !(id.is_empty() && self.id_ends.is_empty()) {
            self.id_ends.resize(self.starts.len(), 0);
            self.ids.push_str(id);
            self.id_ends.push(self.ids.len() as u32);
        }
        let start = self.arena.len();
        self.arena.push_str(text);
        self.push_start(start, line);
        Ok(())
    }

    /// Adds a record without an id whose text stands in the arena already, from there on.
    #[inline]
    pub(crate) fn push_start(&mut self, start: usize, line: u32) {
        self.follow(line);
        self.starts.push(start as u32);
    }

    /// Adds a record for each of these lines, which follow one another: the first begins at `start`, and
    /// each ends before its line feed.
    pub(crate) fn push_lines(&mut self, start: usize, feeds: &[u32], line: u32) {
        if let [before @ .., _] = feeds {
            self.follow(line);
            self.starts.push(start as u32);
            self.starts.extend(before.iter().map(|&feed| feed + 1));
        }
    }

    /// The next record has this line.
    #[inline]
    fn follow(&mut self, line: u32) {
        if line != self.next_line() {
            self.jumps.push((self.starts.len() as u32, line));
        }
    }

    /// The line of the next record if it just follows.
    #[inline]
    fn next_line(&self) -> u32 {
        let (record, line) = self.jumps.last().copied().unwrap_or((0, 1));
        line.wrapping_add(self.starts.len() as u32 - record)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The text of record `i`, as given but trimmed. Panics if there is no such record.
    #[must_use]
    pub fn text(&self, i: usize) -> &str {
        &self.arena[self.span(i).range()]
    }

    /// The id of record `i`, if it has one. Panics if there is no such record.
    #[must_use]
    pub fn id(&self, i: usize) -> Option<&str> {
        assert!(i < self.len(), "no record {i} of {}", self.len());
        let end = *self.id_ends.get(i)? as usize;
        let start = i.checked_sub(1).map_or(0, |before| self.id_ends[before] as usize);
        (end > start).then(|| &self.ids[start..end])
    }

    /// The line of record `i` in the file as given, from 1; without a file, its position, from 1.
    /// Panics if there is no such record.
    #[must_use]
    pub fn line(&self, i: usize) -> u32 {
        assert!(i < self.len(), "no record {i} of {}", self.len());
        let i = i as u32;
        let behind = self.jumps.partition_point(|&(record, _)| record <= i);
        let (record, line) = behind.checked_sub(1).map_or((0, 1), |last| self.jumps[last]);
        line.wrapping_add(i - record)
    }

    /// The records in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { records: self, next: 0 }
    }

    /// Bytes of memory held, room that is not in use yet among them.
    #[must_use]
    pub fn byte_size(&self) -> usize {
        self.arena.capacity()
            + self.ids.capacity()
            + (self.starts.capacity() + self.id_ends.capacity()) * size_of::<u32>()
            + self.jumps.capacity() * size_of::<(u32, u32)>()
    }

    /// Checks that no two records have the same id.
    ///
    /// # Errors
    /// `DuplicateId`, for the first record whose id was there before.
    pub fn check_ids(&self) -> Result<(), RecordError> {
        let mut seen = HashMap::with_capacity(self.id_ends.len());
        for (i, id) in (0..self.id_ends.len()).filter_map(|i| Some((i, self.id(i)?))) {
            if let Some(first) = seen.insert(id, i) {
                return Err(RecordError::DuplicateId {
                    id: id.to_owned(),
                    first_line: self.line(first),
                    line: self.line(i),
                });
            }
        }
        Ok(())
    }

    /// Checks that no two records have the same line. Costs nothing while lines just follow.
    ///
    /// # Errors
    /// `DuplicateLine`, for one of the lines that are there twice.
    pub fn check_lines(&self) -> Result<(), RecordError> {
        if self.jumps.is_empty() {
            return Ok(());
        }
        let starts = std::iter::once((0, 1)).chain(self.jumps.iter().copied());
        let ends = self.jumps.iter().map(|&(record, _)| record).chain([self.len() as u32]);
        // Lines that follow one another: the first, the line behind the last, and the first's record.
        let mut runs: Vec<(u32, u64, u32)> = starts
            .zip(ends)
            .map(|((record, line), end)| (line, u64::from(line) + u64::from(end - record), record))
            .collect();
        runs.sort_unstable();
        let overlap = runs.array_windows().find(|[run, next]| u64::from(next.0) < run.1);
        let Some(&[run, next]) = overlap else { return Ok(()) };
        let (line, places) =
            (next.0, [run.2 + (next.0 - run.0), next.2].map(|place| place as usize));
        let (first, again) = (places[0].min(places[1]), places[0].max(places[1]));
        Err(RecordError::DuplicateLine { line, first, again })
    }

    /// The arena and where in it the texts stand.
    pub(crate) fn spans(&self) -> (&str, impl Iterator<Item = Span> + '_) {
        (&self.arena, (0..self.len()).map(|i| self.span(i)))
    }

    #[inline]
    fn span(&self, i: usize) -> Span {
        let start = self.starts[i] as usize;
        let end = self.starts.get(i + 1).map_or(self.arena.len(), |&next| next as usize);
        // Mostly there is nothing behind it, or a line feed.
        match self.arena.as_bytes()[start..end] {
            [.., 0x21..=0x7f] => Span::new(start, end),
            [.., 0x21..=0x7f, b'\n'] => Span::new(start, end - 1),
            _ => Span::new(start, start + self.arena[start..end].trim_end().len()),
        }
    }
}

/// That a record of so many bytes is not too long.
#[inline]
pub(crate) fn check_length(bytes: usize, line: u32) -> Result<(), RecordError> {
    if bytes > MAX_RECORD_BYTES {
        return Err(RecordError::TooLong { line, bytes, limit: MAX_RECORD_BYTES });
    }
    Ok(())
}

/// That an arena of so many bytes is not too large.
pub(crate) fn check_arena(bytes: usize) -> Result<(), RecordError> {
    if bytes > MAX_ARENA_BYTES {
        return Err(RecordError::TooLarge { bytes, limit: MAX_ARENA_BYTES });
    }
    Ok(())
}

/// Equal records in the same order, however they came to be.
impl PartialEq for Records {
    fn eq(&self, other: &Records) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Records {}

/// The first few.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(self.iter().take(16));
        if self.len() > 16 { list.finish_non_exhaustive() } else { list.finish() }
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = Record<'a>;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The records of a column in order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    records: &'a Records,
    next: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (records, i) = (self.records, self.next);
        if i == records.len() {
            return None;
        }
        self.next += 1;
        Some(Record { id: records.id(i), line: records.line(i), text: records.text(i) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.records.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}
