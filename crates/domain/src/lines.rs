//! R1: a file's bytes to records, a line each, measured in the same pass.

use crate::letters::Names;
use crate::records::{Records, Span, check_arena, check_length};
use crate::street::{Addresses, FullLines, Streets};
use crate::sweep::{Ended, Kind, NO_KEY, Sweep};
use crate::utf8::Utf8;
use crate::{DriverClasses, DriverColumn, RecordError, StreetClasses, StreetColumn, StreetName};

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
        File::new(bytes.into())?.read(FullLines, &mut Unmeasured)
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
    let file = File::new(bytes.into())?;
    let mut column = StreetColumn::with_keys(Streets(rule), file.estimate());
    let records = match rule {
        StreetName::Address => file.read(Addresses, &mut column)?,
        StreetName::FullLine => file.read(FullLines, &mut column)?,
    };
    Ok((records, column.finish()))
}

/// The drivers of a file, as [`Records::parse_lines`], and their classes, in one pass.
///
/// # Errors
/// As [`Records::parse_lines`].
pub fn parse_drivers(bytes: impl Into<Vec<u8>>) -> Result<(Records, DriverClasses), RecordError> {
    let file = File::new(bytes.into())?;
    let mut column = DriverColumn::with_keys(Names, file.estimate());
    let records = file.read(Names, &mut column)?;
    Ok((records, column.finish()))
}

/// What takes the records of a file, in their order.
pub(crate) trait Measured {
    /// Takes records by their keys.
    fn take_keys(&mut self, keys: &[u16]);

    /// Takes a record that has no key: a trimmed span of the text.
    fn take(&mut self, text: &str, span: Span);
}

/// Nothing is asked of the records.
struct Unmeasured;

impl Measured for Unmeasured {
    fn take_keys(&mut self, _: &[u16]) {}
    fn take(&mut self, _: &str, _: Span) {}
}

/// A file that should be text.
struct File {
    text: Utf8,
}

impl File {
    fn new(bytes: Vec<u8>) -> Result<File, RecordError> {
        check_arena(bytes.len())?;
        Ok(File { text: Utf8::new(bytes) })
    }

    /// About how many lines there are, by the first of them.
    fn estimate(&self) -> usize {
        const SAMPLE: usize = 16 << 10;
        let bytes = self.text.bytes();
        let sample = &bytes[..bytes.len().min(SAMPLE)];
        let lines = memchr::memchr_iter(b'\n', sample).count() + 1;
        let all = lines * (bytes.len() / sample.len().max(1));
        // Some more: growing costs a copy, memory that is never touched nothing.
        all + all / 16
    }

    /// Reads all records and has each measured.
    fn read<const N: usize>(
        self,
        kind: impl Kind<N>,
        measured: &mut impl Measured,
    ) -> Result<Records, RecordError> {
        let records = Records::with_capacity(self.estimate(), 0);
        let mut reader = Reader { text: &self.text, line: 1, records, measured };
        let read = reader.take_all(kind);
        let records = reader.records;
        // What is not UTF-8 is told first, wherever it is.
        let text = self.text.into_string()?;
        read?;
        Ok(records.with_arena(text))
    }
}

/// Takes lines one after the other.
struct Reader<'a, M> {
    text: &'a Utf8,
    /// The number of the next line.
    line: u32,
    records: Records,
    measured: &'a mut M,
}

impl<M: Measured> Reader<'_, M> {
    fn take_all<const N: usize>(&mut self, kind: impl Kind<N>) -> Result<(), RecordError> {
        let bytes = self.text.bytes();
        let mut start = 0;
        if bytes.starts_with(BYTE_ORDER_MARK.as_bytes()) {
            // It belongs to no line, so the first needs a look of its own.
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
            start = bytes.len().min(end + 1);
            // With its end, so that no character is left that begins in it and is broken off.
            self.text.check_to(start)?;
            self.take(Span::new(BYTE_ORDER_MARK.len(), end))?;
        }
        start = Sweep::run(kind, bytes, start, |ended| {
            self.text.check_to(ended.end)?;
            self.take_ended(&ended)
        })?;
        self.text.check_to(bytes.len())?;
        let rest = start;
        for feed in memchr::memchr_iter(b'\n', &bytes[rest..]).map(|at| rest + at) {
            self.take(Span::new(start, feed))?;
            start = feed + 1;
        }
        self.take(Span::new(start, bytes.len()))
    }

    fn take_ended(&mut self, ended: &Ended<'_>) -> Result<(), RecordError> {
        if ended.has_all_keys {
            self.records.push_lines(ended.start, ended.feeds, self.line);
            self.measured.take_keys(ended.keys);
            self.line += ended.feeds.len() as u32;
            return Ok(());
        }
        let mut start = ended.start;
        for (&feed, &key) in ended.feeds.iter().zip(ended.keys) {
            let span = Span::new(start, feed as usize);
            start = span.end() + 1;
            if key == NO_KEY {
                self.take(span)?;
            } else {
                self.records.push_start(span.start(), self.line);
                self.measured.take_keys(&[key]);
                self.line += 1;
            }
        }
        Ok(())
    }

    /// Takes a line as it stands; one with nothing in it is no record.
    fn take(&mut self, line: Span) -> Result<(), RecordError> {
        let text = self.text.checked();
        let span = trimmed(text, line);
        if span.len() > 0 {
            check_length(span.len(), self.line)?;
            self.measured.take(text, span);
            self.records.push_start(span.start(), self.line);
        }
        self.line += 1;
        Ok(())
    }
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
