//! What a file of a matrix may have wrong.

/// What is wrong with a matrix. Rows and columns count from 0.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MatrixProblem {
    #[error("is empty")]
    Empty,
    #[error("the header of this .npy file ends early")]
    HeaderCut,
    #[error("version {major}.{minor} of .npy files is not known: 1.0, 2.0 and 3.0 are")]
    Version { major: u8, minor: u8 },
    #[error("the header of this .npy file has no {field} that is understood: {header:?}")]
    Header { field: &'static str, header: String },
    #[error(
        "its elements are {descr:?}: i4, i8, f4 and f8 are read; in NumPy `matrix.astype('f8')` makes one of them"
    )]
    Type { descr: String },
    #[error("has {dimensions} dimensions; a matrix has 2")]
    Dimensions { dimensions: usize },
    #[error(
        "has {found} bytes behind its header where {rows} rows of {columns} columns of {bytes} bytes take {expected}"
    )]
    Length { rows: u64, columns: u64, bytes: usize, expected: u128, found: u64 },
    #[error("not UTF-8: line {line}")]
    NotUtf8 { line: usize },
    #[error("row {row} has {found} columns, those before have {expected}")]
    Ragged { row: usize, expected: usize, found: usize },
    #[error("row {row}, column {column}: {text:?} is not a number")]
    Text { row: usize, column: usize, text: String },
    #[error("row {row}, column {column}: is empty; inf forbids a pair")]
    NoText { row: usize, column: usize },
    #[error("row {row}, column {column}: is not a number (NaN); an infinity forbids a pair")]
    NotANumber { row: usize, column: usize },
    #[error("row {row}, column {column}: is too large to be added up")]
    TooLarge { row: usize, column: usize },
    #[error("{0}")]
    Unsolvable(assignment::dense::Error),
    /// Caught before anyone relies on it.
    #[error("its assignment is not proven and not given out, which is a fault of waybill: {0}")]
    Unproven(String),
}
