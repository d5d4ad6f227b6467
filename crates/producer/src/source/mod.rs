//! Where the records of a batch come from.

pub mod columns;
pub mod synthetic;
pub mod words;
