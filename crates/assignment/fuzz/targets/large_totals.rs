//! Matrices that are not small: their totals are those of two other solvers.

#![no_main]

mod choices;
#[allow(dead_code, reason = "the small ones are another target")]
#[path = "../../tests/instances/mod.rs"]
mod instances;
#[path = "../../tests/oracles/mod.rs"]
mod oracles;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| instances::large(&mut choices::Bytes::new(bytes)));
