//! Matrices of any numbers that are not small: nothing panics or overflows, and what is solved is proven.

#![no_main]

#[allow(dead_code, reason = "the small ones are another target")]
#[path = "../../tests/entries/mod.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::large(bytes));
