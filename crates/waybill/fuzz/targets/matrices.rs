//! Any file as a matrix: what is read of it, written again, is read the same.

#![no_main]

mod error;
mod matrix;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matrix::read(bytes));
