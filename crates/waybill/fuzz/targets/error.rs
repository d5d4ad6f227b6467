//! What the readers need of the program's errors, which say far more.

use std::io;

use crate::matrix::MatrixProblem;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FileProblem {
    #[error("{0}")]
    Matrix(#[from] MatrixProblem),
    #[error("{0}")]
    Io(#[from] io::Error),
}
