//! Shipments, drivers and the suitability of one for the other.
//!
//! Pure: bytes and strings in, numbers out; no files, no clock, no tasks.
//!
//! | module | holds |
//! |---|---|
//! | `records` | [`Records`]: a column of texts with their lines and ids, in one arena |
//! | `lines` | R1: a file's bytes to records, measured in the same pass |
//! | `csv` | RFC 4180 files with a header to records |
//! | `normal` | R2: NFC and single spaces |
//! | `street` | R3, R4: an address to its street name and that name's length |
//! | `letters` | R3, R5, R6: a driver's name to length, vowels and consonants |
//! | `score` | R7: [`score`], in quarter points |
//! | `classes` | records with the same traits collapsed into one class |
//! | `mask` | what a window of bytes looks like, a bit a byte: the fast path of one record stands on it |
//! | `sweep` | a file's bytes, a block at a time, to lines and a key of each: the fast path of many |
//! | `look`, `bits` | a block's bytes as bits, and those of eight blocks as one number; `x86`: by vectors |
//! | `utf8` | bytes that turn out to be text piece by piece; unsafe code is here and in `x86` only |
//!
//! Two invariants hold throughout. There is no floating point inside: a [`Score`] is a whole number
//! of quarters. And each fast path (plain ASCII) answers exactly as the general path does (all of
//! Unicode), which property tests check.

#[cfg_attr(
    not(all(target_arch = "x86_64", not(feature = "portable"))),
    allow(dead_code, reason = "a sweep is worth it with vectors only")
)]
mod bits;
mod classes;
mod csv;
mod error;
mod letters;
mod lines;
#[cfg_attr(
    not(all(target_arch = "x86_64", not(feature = "portable"))),
    allow(dead_code, reason = "a sweep is worth it with vectors only")
)]
mod look;
mod mask;
mod normal;
mod records;
mod score;
mod street;
#[cfg_attr(
    not(all(target_arch = "x86_64", not(feature = "portable"))),
    allow(dead_code, reason = "a sweep is worth it with vectors only")
)]
mod sweep;
mod utf8;
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
mod x86;

pub use classes::{DriverClasses, DriverColumn, Members, MembersIter, StreetClasses, StreetColumn};
pub use error::{ColumnNames, RecordError};
pub use letters::{DriverTraits, driver_traits};
pub use lines::{parse_drivers, parse_shipments};
pub use normal::normal_form;
pub use records::{Iter, MAX_ARENA_BYTES, MAX_RECORD_BYTES, Record, Records};
pub use score::{Score, score};
pub use street::{StreetLength, StreetName, street_length, street_name};
