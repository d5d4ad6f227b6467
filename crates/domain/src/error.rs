//! What can be wrong with records, as a closed list.

use std::fmt;

/// Why records were refused. Every variant is about the caller's data and names the place.
///
/// Lines count from 1 in the file (or in the sequence of records) as given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file is not UTF-8.
    #[error("line {line}: not UTF-8 at byte {byte}")]
    InvalidUtf8 {
        /// Line of the first bad byte.
        line: u32,
        /// Place of the first bad byte in that line, counted from 1.
        byte: usize,
    },
    /// A record is longer than [`MAX_RECORD_BYTES`](crate::MAX_RECORD_BYTES).
    #[error("line {line}: {bytes} bytes, more than the {limit} of a record")]
    TooLong {
        /// Line of the record.
        line: u32,
        /// Bytes of the record after trimming.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// All records together are larger than [`MAX_ARENA_BYTES`](crate::MAX_ARENA_BYTES).
    #[error("{bytes} bytes of records, more than the {limit} of one column")]
    TooLarge {
        /// Bytes there would be.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A record that was pushed has nothing but white space in it.
    #[error("line {line}: empty record")]
    Empty {
        /// Line of the record.
        line: u32,
    },
    /// A CSV file's header has none of the columns that hold the text.
    #[error("line 1: no column {wanted} in the header")]
    MissingColumn {
        /// The columns looked for.
        wanted: ColumnNames,
    },
    /// A CSV row has more or fewer fields than the header.
    #[error("line {line}: {found} fields, but the header has {expected}")]
    FieldCount {
        /// Line on which the row starts.
        line: u32,
        /// Fields of the row.
        found: u64,
        /// Fields of the header.
        expected: u64,
    },
    /// A CSV row has nothing in a field that is needed.
    #[error("line {line}: field {field} is empty")]
    EmptyField {
        /// Line on which the row starts.
        line: u32,
        /// The field's name in the header.
        field: String,
    },
    /// A quote of a CSV row is not closed: the rest of the file would be one field.
    #[error("line {line}: a quote is opened and not closed before the end of the file")]
    OpenQuote {
        /// Line on which the row starts.
        line: u32,
    },
    /// Two records carry the same id.
    #[error("line {line}: id {id} again, first on line {first_line}")]
    DuplicateId {
        /// The id.
        id: String,
        /// Line of the first record with it.
        first_line: u32,
        /// Line of the second record with it.
        line: u32,
    },
    /// Two records say that they come from the same line.
    #[error("line {line} again: records {again} and {first}, from 0, both have it")]
    DuplicateLine {
        /// The line.
        line: u32,
        /// Place of the first record with it, from 0.
        first: usize,
        /// Place of the second.
        again: usize,
    },
}

/// Column names, printed as `a, b or c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames(pub Vec<String>);

impl fmt::Display for ColumnNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            let before = match i {
                0 => "",
                _ if i + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{name}")?;
        }
        Ok(())
    }
}
