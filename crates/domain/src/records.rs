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
pub(crate) struct Span {
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
/// A record costs its bytes and eight more; with an id the id's bytes and eight more. Lines cost
/// nothing while they follow one another, and eight bytes at each gap. A file's bytes become the arena
/// as they are, without a copy.
#[derive(Clone, Default)]
pub struct Records {
    arena: String,
    texts: Vec<Span>,
    /// As long as `texts`, or empty when no record has an id. No id is an empty span.
    ids: Vec<Span>,
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
            texts: Vec::with_capacity(records),
            ids: Vec::new(),
            jumps: Vec::new(),
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
        let line = if line == 0 { self.texts.len() as u32 + 1 } else { line };
        if text.is_empty() {
            return Err(RecordError::Empty { line });
        }
        check_length(text.len().max(id.len()), line)?;
        check_arena(self.arena.len() + text.len() + id.len())?;
        let text = self.keep(text);
        if !id.is_empty() {
            self.ids.resize(self.texts.len(), Span::default());
            let id = self.keep(id);
            self.ids.push(id);
        } else if !self.ids.is_empty() {
            self.ids.push(Span::default());
        }
        self.push_span(text, line);
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.arena.len();
        self.arena.push_str(text);
        Span::new(start, self.arena.len())
    }

    /// Adds a record without an id whose text stands in the arena already.
    #[inline]
    pub(crate) fn push_span(&mut self, text: Span, line: u32) {
        let record = self.texts.len() as u32;
        if line != self.next_line() {
            self.jumps.push((record, line));
        }
        self.texts.push(text);
    }

    /// Adds a record for each of these lines, which follow one another: the first begins at `start`, and
    /// each ends before its line feed.
    pub(crate) fn push_lines(&mut self, mut start: usize, feeds: &[u32], line: u32) {
        if !feeds.is_empty() && line != self.next_line() {
            self.jumps.push((self.texts.len() as u32, line));
        }
        self.texts.extend(feeds.iter().map(|&feed| {
            let text = Span::new(start, feed as usize);
            start = feed as usize + 1;
            text
        }));
    }

    /// The line of the next record if it just follows.
    #[inline]
    fn next_line(&self) -> u32 {
        let (record, line) = self.jumps.last().copied().unwrap_or((0, 1));
        line.wrapping_add(self.texts.len() as u32 - record)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of record `i`, as given but trimmed. Panics if there is no such record.
    #[must_use]
    pub fn text(&self, i: usize) -> &str {
        &self.arena[self.texts[i].range()]
    }

    /// The id of record `i`, if it has one. Panics if there is no such record.
    #[must_use]
    pub fn id(&self, i: usize) -> Option<&str> {
        assert!(i < self.len(), "no record {i} of {}", self.len());
        let id = *self.ids.get(i)?;
        (id.len() > 0).then(|| &self.arena[id.range()])
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
            + (self.texts.capacity() + self.ids.capacity()) * size_of::<Span>()
            + self.jumps.capacity() * size_of::<(u32, u32)>()
    }

    /// Checks that no two records have the same id.
    ///
    /// # Errors
    /// `DuplicateId`, for the first record whose id was there before.
    pub fn check_ids(&self) -> Result<(), RecordError> {
        let mut seen = HashMap::with_capacity(self.ids.len());
        for (i, id) in (0..self.ids.len()).filter_map(|i| Some((i, self.id(i)?))) {
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

    /// The arena and where in it the texts stand.
    pub(crate) fn spans(&self) -> (&str, &[Span]) {
        (&self.arena, &self.texts)
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
