//! A matrix as NumPy saves it: the format of `numpy.lib.format`, versions 1.0 to 3.0.
//!
//! A magic string, the version, the length of the header, and the header: the text of a Python
//! dictionary of three entries. Then the elements, row by row ("C order") or column by column
//! ("Fortran order"), in the byte order that the type names.

use std::{fs::File, io, os::unix::fs::FileExt, thread};

use assignment::dense::Matrix;

use super::{
    MatrixProblem,
    number::{Number, Numbers, Read},
};
use crate::error::FileProblem;

const MAGIC: &[u8] = b"\x93NUMPY";
/// A header is no longer: NumPy reads no longer ones either without being told that they are safe.
const LONGEST_HEADER: usize = 10_000;
/// What a thread reads at once; it stays in the cache until it is numbers.
const BLOCK_BYTES: usize = 64 << 10;

/// Where the bytes are.
pub(super) enum Source {
    File(File),
    Bytes(Vec<u8>),
}

impl Source {
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills the buffer, or as much of it as there are bytes from this place on.
    fn read_at(&self, start: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.len()?.saturating_sub(start).min(buffer.len() as u64) as usize;
        self.read_exact_at(start, &mut buffer[..wanted])?;
        Ok(wanted)
    }

    fn read_exact_at(&self, start: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buffer, start),
            Self::Bytes(bytes) => {
                let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
                let rest = bytes.get(start as usize..).ok_or_else(cut)?;
                buffer.copy_from_slice(rest.get(..buffer.len()).ok_or_else(cut)?);
                Ok(())
            }
        }
    }
}

/// Whether it begins as such files do.
pub(super) fn is_npy(source: &Source) -> io::Result<bool> {
    let mut magic = [0; MAGIC.len()];
    Ok(source.read_at(0, &mut magic)? == magic.len() && magic == MAGIC)
}

/// Reads it in parts, as many at a time as there are threads.
pub(super) fn read(source: &Source, threads: usize) -> Result<Read, FileProblem> {
    let (header, start) = header(source)?;
    let layout = Layout::parse(&header)?;
    let data = Data { source, layout: &layout, start, threads };
    match layout.kind.as_str() {
        "i4" => Ok(Read::I32(data.numbers()?)),
        "i8" => Ok(Read::I64(data.numbers()?)),
        "f4" => Ok(Read::F32(data.numbers()?)),
        "f8" => Ok(Read::F64(data.numbers()?)),
        other => Err(MatrixProblem::Type { descr: short(other) }.into()),
    }
}

/// The header's text, and where the elements start.
fn header(source: &Source) -> Result<(String, u64), FileProblem> {
    let mut bytes = vec![0; LONGEST_HEADER];
    let length = source.read_at(0, &mut bytes)?;
    bytes.truncate(length);
    let rest = bytes.get(MAGIC.len()..).unwrap_or_default();
    let (length, rest) = match *rest {
        [1, 0, a, b, ref rest @ ..] => (usize::from(u16::from_le_bytes([a, b])), rest),
        [2 | 3, 0, a, b, c, d, ref rest @ ..] => (u32::from_le_bytes([a, b, c, d]) as usize, rest),
        [major, minor, ..] if !(matches!(major, 1..=3) && minor == 0) => {
            return Err(MatrixProblem::Version { major, minor }.into());
        }
        _ => return Err(MatrixProblem::HeaderCut.into()),
    };
    let text = rest.get(..length).ok_or(MatrixProblem::HeaderCut)?;
    let start = bytes.len() - rest.len() + length;
    Ok((String::from_utf8_lossy(text).into_owned(), start as u64))
}

/// What the header says of the elements.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    /// Kind and bytes of an element, as in `f8`.
    kind: String,
    big_endian: bool,
    /// Column after column, instead of row after row.
    by_column: bool,
    rows: u64,
    columns: u64,
}

impl Layout {
    fn parse(header: &str) -> Result<Self, MatrixProblem> {
        let unknown = |field| MatrixProblem::Header { field, header: short(header.trim()) };
        let value = |field: &'static str| {
            let quoted = [format!("'{field}'"), format!("\"{field}\"")];
            let (_, rest) = quoted.iter().find_map(|key| header.split_once(key.as_str()))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };

        let descr = value("descr").ok_or_else(|| unknown("descr"))?;
        let quote = descr.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let Some(descr) = quote.and_then(|quote| descr[1..].split(quote).next()) else {
            // A list: elements of several fields.
            let descr = descr.split("'fortran_order'").next().unwrap_or_default();
            let descr = descr.trim_end_matches([' ', ',']);
            return Err(MatrixProblem::Type { descr: short(descr) });
        };
        let big_endian = match descr.chars().next() {
            Some('<') => false,
            Some('>') => true,
            Some('=') => cfg!(target_endian = "big"),
            _ => return Err(MatrixProblem::Type { descr: short(descr) }),
        };

        let order = value("fortran_order").ok_or_else(|| unknown("fortran_order"))?;
        let by_column = match () {
            () if order.starts_with("True") => true,
            () if order.starts_with("False") => false,
            () => return Err(unknown("fortran_order")),
        };

        let shape = value("shape").and_then(|shape| shape.strip_prefix('(')?.split_once(')'));
        let (shape, _) = shape.ok_or_else(|| unknown("shape"))?;
        let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
        let sides: Result<Vec<u64>, _> = sides.map(str::parse).collect();
        match *sides.map_err(|_| unknown("shape"))? {
            [rows, columns] => {
                Ok(Self { kind: descr[1..].to_owned(), big_endian, by_column, rows, columns })
            }
            ref sides => Err(MatrixProblem::Dimensions { dimensions: sides.len() }),
        }
    }
}

/// As much of what a header says as is worth telling.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The elements of a file.
struct Data<'a> {
    source: &'a Source,
    layout: &'a Layout,
    /// The first element's place.
    start: u64,
    threads: usize,
}

impl Data<'_> {
    fn numbers<T: Number>(&self) -> Result<Numbers<T>, FileProblem> {
        let &Layout { rows, columns, by_column, .. } = self.layout;
        let expected = u128::from(rows) * u128::from(columns) * T::BYTES as u128;
        let found = self.source.len()?.saturating_sub(self.start);
        if expected != u128::from(found) {
            let bytes = T::BYTES;
            return Err(MatrixProblem::Length { rows, columns, bytes, expected, found }.into());
        }
        // As many as there are bytes of them; or none, and then it does not matter how many rows of nothing.
        let (rows, columns) = (rows as usize, columns as usize);
        if found == 0 {
            return Ok(Numbers { rows, columns, elements: Vec::new() });
        }
        let elements = self.elements::<T>(found as usize / T::BYTES)?;
        if !by_column {
            return Ok(Numbers { rows, columns, elements });
        }
        let by_column = Matrix::new(columns, rows, &elements).map_err(MatrixProblem::Unsolvable)?;
        Ok(Numbers { rows, columns, elements: by_column.transposed() })
    }

    /// The elements as they lie there.
    fn elements<T: Number>(&self, count: usize) -> io::Result<Vec<T>> {
        let mut elements = vec![T::ZERO; count];
        let share = count.div_ceil(self.threads).next_multiple_of(BLOCK_BYTES / T::BYTES).max(1);
        thread::scope(|scope| {
            let mut parts = Vec::new();
            for (part, numbers) in elements.chunks_mut(share).enumerate() {
                let start = self.start + (part * share * T::BYTES) as u64;
                parts.push(scope.spawn(move || self.fill(start, numbers)));
            }
            parts.into_iter().try_for_each(|part| {
                part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })?;
        Ok(elements)
    }

    fn fill<T: Number>(&self, mut start: u64, numbers: &mut [T]) -> io::Result<()> {
        let convert =
            if self.layout.big_endian { T::from_big_endian } else { T::from_little_endian };
        let mut block = [0; BLOCK_BYTES];
        for numbers in numbers.chunks_mut(BLOCK_BYTES / T::BYTES) {
            let bytes = &mut block[..numbers.len() * T::BYTES];
            self.source.read_exact_at(start, bytes)?;
            convert(bytes, numbers);
            start += bytes.len() as u64;
        }
        Ok(())
    }
}
