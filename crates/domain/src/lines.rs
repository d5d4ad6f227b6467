//! R1: a file's bytes to records, a line each, measured in the same pass.

use crate::mask;
use crate::records::{Records, Span, check_arena, check_length};
use crate::{
    DriverClasses, DriverColumn, RecordError, StreetClasses, StreetColumn, StreetName, letters,
    street,
};

const BYTE_ORDER_MARK: &str = "\u{feff}";

impl Records {
    /// R1: the records of a file, one a line. Lines end at LF; a trailing CR, a leading byte order mark
    /// and white space around a record go; empty records are skipped, but their lines count. A `Vec`
    /// is not copied: it becomes the arena.
    ///
    /// # Errors
    /// `InvalidUtf8`, `TooLong`, `TooLarge`; of several, the first in the file except that the whole
    /// file must be UTF-8 before anything else is looked at.
    pub fn parse_lines(bytes: impl Into<Vec<u8>>) -> Result<Records, RecordError> {
        let lines = Lines::new(bytes.into())?;
        lines.read(|_, _| ())
    }
}

/// The shipments of a file, as [`Records::parse_lines`], and their classes, in one pass.
///
/// # Errors
/// As [`Records::parse_lines`].
pub fn parse_shipments(
    bytes: impl Into<Vec<u8>>,
    rule: StreetName,
) -> Result<(Records, StreetClasses), RecordError> {
    let lines = Lines::new(bytes.into())?;
    let mut column = StreetColumn::with_capacity(rule, lines.estimate());
    let records =
        lines.read(|text, span| column.push_length(street::length_at(text, span, rule)))?;
    Ok((records, column.finish()))
}

/// The drivers of a file, as [`Records::parse_lines`], and their classes, in one pass.
///
/// # Errors
/// As [`Records::parse_lines`].
pub fn parse_drivers(bytes: impl Into<Vec<u8>>) -> Result<(Records, DriverClasses), RecordError> {
    let lines = Lines::new(bytes.into())?;
    let mut column = DriverColumn::with_capacity(lines.estimate());
    let records = lines.read(|text, span| column.push_traits(letters::traits_at(text, span)))?;
    Ok((records, column.finish()))
}

/// A file that is text.
struct Lines {
    text: String,
}

impl Lines {
    fn new(bytes: Vec<u8>) -> Result<Lines, RecordError> {
        check_arena(bytes.len())?;
        let text = String::from_utf8(bytes)
            .map_err(|error| not_utf8(&error.as_bytes()[..error.utf8_error().valid_up_to()]))?;
        Ok(Lines { text })
    }

    /// About how many lines there are, by the first of them.
    fn estimate(&self) -> usize {
        const SAMPLE: usize = 16 << 10;
        let bytes = self.text.as_bytes();
        let sample = &bytes[..bytes.len().min(SAMPLE)];
        let lines = memchr::memchr_iter(b'\n', sample).count() + 1;
        let all = lines * (bytes.len() / sample.len().max(1));
        // Some more: growing costs a copy, memory that is never touched nothing.
        all + all / 16
    }

    /// Reads all records and shows each to `measure` as it comes.
    fn read(self, mut measure: impl FnMut(&str, Span)) -> Result<Records, RecordError> {
        let estimate = self.estimate();
        let text = self.text;
        let mut records = Records::with_capacity(estimate, 0);
        for_each_line(&text, |span, line| {
            let span = trimmed(&text, span);
            if span.len() == 0 {
                return Ok(());
            }
            check_length(span.len(), line)?;
            measure(&text, span);
            records.push_span(span, line);
            Ok(())
        })?;
        Ok(records.with_arena(text))
    }
}

/// The error of bytes that are UTF-8 up to here and no further.
pub(crate) fn not_utf8(good: &[u8]) -> RecordError {
    let start = memchr::memrchr(b'\n', good).map_or(0, |feed| feed + 1);
    RecordError::InvalidUtf8 { line: line_at(good), byte: good.len() - start + 1 }
}

/// The line on which the byte behind `before` stands.
pub(crate) fn line_at(before: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', before).count() as u32 + 1
}

/// Shows each line without its LF, with its number from 1; the byte order mark belongs to none.
fn for_each_line(
    text: &str,
    mut each: impl FnMut(Span, u32) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    const WINDOW: usize = 64;
    let bytes = text.as_bytes();
    let mut start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut line = 1;
    let (windows, rest) = bytes.as_chunks::<WINDOW>();
    for (i, window) in windows.iter().enumerate() {
        let mut feeds = mask::equal(window, b'\n');
        while feeds != 0 {
            let feed = i * WINDOW + feeds.trailing_zeros() as usize;
            each(Span::new(start, feed), line)?;
            (start, line) = (feed + 1, line + 1);
            feeds &= feeds - 1;
        }
    }
    for feed in memchr::memchr_iter(b'\n', rest).map(|at| bytes.len() - rest.len() + at) {
        each(Span::new(start, feed), line)?;
        (start, line) = (feed + 1, line + 1);
    }
    if start < bytes.len() { each(Span::new(start, bytes.len()), line) } else { Ok(()) }
}

/// The span without the white space around it.
#[inline(always)]
fn trimmed(text: &str, span: Span) -> Span {
    if let [first, .., last] = text.as_bytes()[span.range()]
        && matches!((first, last), (0x21..=0x7f, 0x21..=0x7f))
    {
        return span;
    }
    let record = &text[span.range()];
    let start = span.start() + (record.len() - record.trim_start().len());
    Span::new(start, start + record.trim().len())
}
