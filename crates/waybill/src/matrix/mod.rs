//! `waybill assign --matrix`: a matrix of numbers in, the best assignment out.
//!
//! | module | says |
//! |---|---|
//! | `npy` | a matrix as NumPy saves it |
//! | `csv` | a matrix as text |
//! | `problem` | what a file may have wrong |
//! | `number` | what is read: numbers of four types, and what these have in common |
//! | `solved` | the assignment, proven, and its three forms |

mod csv;
mod npy;
mod number;
mod problem;
mod solved;

use std::{fs::File, path::Path, time::Instant};

use assignment::dense::{Goal, Matrix};

pub(crate) use self::problem::MatrixProblem;
use self::{
    number::{Number, Numbers, Policy, Read},
    solved::Solved,
};
use crate::{
    error::{Error, FileProblem},
    input,
    meaning::Format,
    output::Out,
    progress::Progress,
};

/// How a matrix is to be assigned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) goal: Goal,
    /// Threads that read a file.
    pub(crate) threads: usize,
    pub(crate) format: Format,
}

/// Reads a matrix, assigns its rows to its columns, and writes the pairs to standard output.
///
/// # Errors
///
/// Names the file, and in it the row and column, counted from 0, that cannot be used; the rows that
/// have too few columns, when too many pairs are forbidden.
pub(crate) fn assign(path: &Path, options: Options) -> Result<(), Error> {
    let progress = Progress::spinner("reading");
    let begun = Instant::now();
    let read = read(path, options.threads)
        .map_err(|problem| Error::File { path: path.to_owned(), problem })?;
    match read {
        Read::I32(numbers) => match numbers.widened() {
            Ok(wide) => wide.assign(path, options, begun, progress),
            Err(numbers) => numbers.assign(path, options, begun, progress),
        },
        Read::I64(numbers) => numbers.assign(path, options, begun, progress),
        Read::F32(numbers) => numbers.assign(path, options, begun, progress),
        Read::F64(numbers) => numbers.assign(path, options, begun, progress),
    }
}

/// A file's numbers: as NumPy's if it begins so, as CSV otherwise.
fn read(path: &Path, threads: usize) -> Result<Read, FileProblem> {
    let source = if path.as_os_str() == input::STDIN {
        npy::Source::Bytes(input::bytes(path)?)
    } else {
        let file = File::open(path)?;
        let known = file.metadata()?;
        if known.is_dir() {
            return Err(FileProblem::Folder);
        }
        // What is not a file, such as a pipe, can be read once only.
        if known.is_file() {
            npy::Source::File(file)
        } else {
            npy::Source::Bytes(input::all(file)?)
        }
    };
    if npy::is_npy(&source)? {
        return npy::read(&source, threads);
    }
    match source {
        npy::Source::Bytes(bytes) => Ok(csv::read(&bytes)?),
        npy::Source::File(_) => Ok(csv::read(&input::bytes(path)?)?),
    }
}

impl Numbers<i32> {
    /// In the wider type, if one of them is the end of theirs, which would forbid its pair.
    fn widened(self) -> Result<Numbers<i64>, Self> {
        if self.elements.iter().all(|number| number.policy() == Policy::Counts) {
            return Err(self);
        }
        let Self { rows, columns, elements } = self;
        Ok(Numbers { rows, columns, elements: elements.into_iter().map(i64::from).collect() })
    }
}

impl<T: Number> Numbers<T> {
    fn assign(
        mut self,
        path: &Path,
        options: Options,
        begun: Instant,
        progress: Progress,
    ) -> Result<(), Error> {
        let at =
            |problem: MatrixProblem| Error::File { path: path.to_owned(), problem: problem.into() };
        self.forbid_infinite(options.goal).map_err(at)?;
        // Rows of nothing need no prices, of which there could be billions.
        let (rows, columns) =
            if self.elements.is_empty() { (0, 0) } else { (self.rows, self.columns) };
        let matrix = Matrix::new(rows, columns, &self.elements);
        let matrix = matrix.map_err(|error| at(MatrixProblem::Unsolvable(error)))?;
        let read_in = begun.elapsed();
        progress.say("solving");
        let shape = (self.rows, self.columns);
        let solved = Solved::of(options.goal, matrix, shape, read_in).map_err(at)?;
        drop(progress);
        let mut out = Out::stdout();
        solved.write(&mut out, options.format)?;
        Ok(out.finish()?)
    }

    /// What is infinite forbids its pair, whatever its sign; what is not a number is refused.
    fn forbid_infinite(&mut self, goal: Goal) -> Result<(), MatrixProblem> {
        let forbidden = T::FORBIDDEN.to(goal);
        for (place, element) in self.elements.iter_mut().enumerate() {
            match element.policy() {
                Policy::Counts => {}
                Policy::Forbids => *element = forbidden,
                refused => {
                    let (row, column) = (place / self.columns, place % self.columns);
                    return Err(match refused {
                        Policy::TooLarge => MatrixProblem::TooLarge { row, column },
                        _ => MatrixProblem::NotANumber { row, column },
                    });
                }
            }
        }
        Ok(())
    }
}
