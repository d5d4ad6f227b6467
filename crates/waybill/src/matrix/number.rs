//! What is read: numbers of four types, and what these have in common.

use std::fmt::Display;

use assignment::dense::Element;

/// The numbers of a file, row after row.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) elements: Vec<T>,
}

/// A matrix of one of the types that are solved.
#[derive(Debug)]
pub(super) enum Read {
    I32(Numbers<i32>),
    I64(Numbers<i64>),
    F32(Numbers<f32>),
    F64(Numbers<f64>),
}

/// What an element of a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// It is what it is.
    Counts,
    /// It is infinite: the pair is forbidden.
    Forbids,
    /// It is more than can be added up.
    TooLarge,
    /// It is not a number.
    Refused,
}

/// A number of a matrix, as a file has it.
pub(super) trait Number: Element + Display + Send {
    /// Bytes of one.
    const BYTES: usize;
    const ZERO: Self;

    /// Numbers from as many times [`Self::BYTES`] bytes.
    fn from_little_endian(bytes: &[u8], numbers: &mut [Self]);
    /// The same, the other way round.
    fn from_big_endian(bytes: &[u8], numbers: &mut [Self]);
    fn policy(self) -> Policy;
}

macro_rules! number {
    ($number:ty, $policy:expr) => {
        impl Number for $number {
            const BYTES: usize = size_of::<$number>();
            const ZERO: Self = 0 as $number;

            fn from_little_endian(bytes: &[u8], numbers: &mut [Self]) {
                let (chunks, _) = bytes.as_chunks();
                for (number, &bytes) in numbers.iter_mut().zip(chunks) {
                    *number = <$number>::from_le_bytes(bytes);
                }
            }

            fn from_big_endian(bytes: &[u8], numbers: &mut [Self]) {
                let (chunks, _) = bytes.as_chunks();
                for (number, &bytes) in numbers.iter_mut().zip(chunks) {
                    *number = <$number>::from_be_bytes(bytes);
                }
            }

            #[inline(always)]
            fn policy(self) -> Policy {
                $policy(self)
            }
        }
    };
}
number!(i32, of_integer);
number!(i64, of_integer);
number!(f32, |number: f32| of_float(number.is_finite(), number.is_nan()));
number!(f64, |number: f64| of_float(number.is_finite(), number.is_nan()));

/// The ends of a type stand for forbidden pairs in `assignment::dense`; in a file they are numbers.
fn of_integer<T: Element>(number: T) -> Policy {
    let is_end = number == T::FORBIDDEN.minimise || number == T::FORBIDDEN.maximise;
    if is_end { Policy::TooLarge } else { Policy::Counts }
}

fn of_float(is_finite: bool, is_nan: bool) -> Policy {
    match (is_finite, is_nan) {
        (true, _) => Policy::Counts,
        (_, true) => Policy::Refused,
        _ => Policy::Forbids,
    }
}
