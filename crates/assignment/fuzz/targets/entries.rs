//! Any numbers through every entry: nothing panics or overflows, and what is solved is proven.

#![no_main]

#[allow(dead_code, reason = "the large ones are another target")]
#[path = "../../tests/entries/mod.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::any(bytes));
