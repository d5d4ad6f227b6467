//! RFC 4180 files with a header to records.

use csv::{ErrorKind, StringRecord};

use crate::RecordError;
use crate::error::ColumnNames;
use crate::records::{Records, check_arena, check_length};
use crate::utf8::not_utf8;

/// The header of the column that holds ids.
const ID: &str = "id";

impl Records {
    /// The records of a CSV file with a header: the text from the first of `text_columns` that the
    /// header has, ids from the column `id` if there is one; other columns are passed over. Header
    /// names are compared without case. A record's line is the one on which its row starts.
    ///
    /// # Errors
    /// `InvalidUtf8`, `MissingColumn`, `FieldCount`, `EmptyField`, `OpenQuote`, `TooLong`, `TooLarge`,
    /// `DuplicateId`.
    pub fn parse_csv(bytes: &[u8], text_columns: &[&str]) -> Result<Records, RecordError> {
        check_arena(bytes.len())?;
        let file =
            std::str::from_utf8(bytes).map_err(|error| not_utf8(&bytes[..error.valid_up_to()]))?;
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        let mut lines = LineCount::of(file.as_bytes());
        let mut reader = csv::Reader::from_reader(file.as_bytes());

        let header = reader.headers().map_err(|error| lines.error(&error))?;
        let column = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
        let id_column = column(ID);
        let text_column = text_columns.iter().find_map(|name| column(name)).ok_or_else(|| {
            let wanted = text_columns.iter().map(|&name| name.to_owned()).collect();
            RecordError::MissingColumn { wanted: ColumnNames(wanted) }
        })?;
        let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();

        let mut records = Records::new();
        let mut row = StringRecord::new();
        let mut last = None;
        while reader.read_record(&mut row).map_err(|error| lines.error(&error))? {
            let start = row.position().map_or(0, |at| at.byte() as usize);
            let line = lines.of_row(start);
            last = Some((start, line));
            let field = |column: usize| {
                let text = row.get(column).unwrap_or_default().trim();
                if text.is_empty() {
                    return Err(RecordError::EmptyField { line, field: names[column].clone() });
                }
                check_length(text.len(), line).map(|()| text)
            };
            let id = id_column.map(field).transpose()?;
            records.push(id.unwrap_or_default(), line, field(text_column)?)?;
        }
        if let Some((start, line)) = last
            && is_open(&file[start..])
        {
            return Err(RecordError::OpenQuote { line });
        }
        records.check_ids()?;
        Ok(records)
    }
}

/// Whether a quote of the last row is never closed. The reader takes all that follows such a quote for one
/// field; a row of several lines whose quotes are closed has an even number of them.
fn is_open(row: &str) -> bool {
    row.trim().contains(['\n', '\r']) && row.matches('"').count() % 2 == 1
}

/// How many lines end there: at LF, CRLF, or a CR alone, each of which ends a row too.
fn line_ends(bytes: &[u8]) -> u32 {
    let alone = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|&at| bytes[at] == b'\n' || alone(at)).count()
        as u32
}

/// Counts lines up to ascending places of a file.
///
/// The reader's own count is of where it stopped reading, which is before the LF of a CRLF and
/// before blank lines.
struct LineCount<'a> {
    file: &'a [u8],
    counted: usize,
    line: u32,
}

impl<'a> LineCount<'a> {
    fn of(file: &'a [u8]) -> LineCount<'a> {
        LineCount { file, counted: 0, line: 1 }
    }

    /// The line of the first byte of the row that was looked for from `byte` on.
    fn of_row(&mut self, byte: usize) -> u32 {
        let blank = self.file[byte..].iter().take_while(|&&b| b == b'\r' || b == b'\n').count();
        self.line += line_ends(&self.file[self.counted..byte + blank]);
        self.counted = byte + blank;
        self.line
    }

    /// The one error that a whole file of UTF-8 in memory leaves to the reader.
    fn error(&mut self, error: &csv::Error) -> RecordError {
        let line = self.of_row(error.position().map_or(0, |at| at.byte() as usize));
        match *error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                RecordError::FieldCount { line, found: len, expected: expected_len }
            }
            // In memory there is no I/O error, and the text was checked before.
            _ => RecordError::InvalidUtf8 { line, byte: 1 },
        }
    }
}
