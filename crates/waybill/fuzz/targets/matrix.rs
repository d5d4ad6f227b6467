//! The readers themselves. They are in a program, which no library gives out.

#[path = "../../src/matrix/csv.rs"]
mod csv;
#[allow(dead_code, reason = "bytes are files enough")]
#[path = "../../src/matrix/npy.rs"]
mod npy;
#[allow(dead_code, reason = "what becomes of the numbers is not asked here")]
#[path = "../../src/matrix/number.rs"]
mod number;
#[allow(dead_code, reason = "what becomes of the numbers is not asked here")]
#[path = "../../src/matrix/problem.rs"]
mod problem;

use std::fmt::Debug;

pub(crate) use problem::MatrixProblem;

use number::{Number, Numbers, Read};

/// More would be a thread for each 64 KiB.
const THREADS: usize = 2;

pub(crate) fn read(bytes: &[u8]) {
    if let Ok(read) = csv::read(bytes) {
        match read {
            Read::I64(numbers) => same(&numbers, csv::read(text(&numbers).as_bytes())),
            Read::F64(numbers) => same(&numbers, csv::read(text(&numbers).as_bytes())),
            other => panic!("{other:?}"),
        }
    }
    let file = npy::Source::Bytes(bytes.to_vec());
    let is_npy = npy::is_npy(&file).expect("bytes are there");
    assert_eq!(is_npy, bytes.starts_with(b"\x93NUMPY"));
    if !is_npy {
        return;
    }
    match npy::read(&file, THREADS) {
        Ok(Read::I32(numbers)) => again(&numbers, "i4", |number| number.to_le_bytes().to_vec()),
        Ok(Read::I64(numbers)) => again(&numbers, "i8", |number| number.to_le_bytes().to_vec()),
        Ok(Read::F32(numbers)) => again(&numbers, "f4", |number| number.to_le_bytes().to_vec()),
        Ok(Read::F64(numbers)) => again(&numbers, "f8", |number| number.to_le_bytes().to_vec()),
        Err(problem) => assert!(problem.to_string().len() < 4096),
    }
}

/// As text from which the same type is read: floats with a point.
fn text<T: Number>(numbers: &Numbers<T>) -> String {
    assert_eq!(numbers.elements.len(), numbers.rows * numbers.columns);
    let line = |row: &[T]| row.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(",");
    numbers.elements.chunks(numbers.columns).map(|row| line(row) + "\n").collect()
}

/// In both orders of elements and of bytes.
fn again<T: Number>(numbers: &Numbers<T>, kind: &str, written: fn(T) -> Vec<u8>) {
    let &Numbers { rows, columns, ref elements } = numbers;
    assert_eq!(elements.len() as u128, rows as u128 * columns as u128);
    for (byte_order, by_column) in [('<', false), ('>', false), ('<', true)] {
        let order = if by_column { "True" } else { "False" };
        let header = format!(
            "{{'descr': '{byte_order}{kind}', 'fortran_order': {order}, 'shape': ({rows}, {columns}), }}\n"
        );
        let mut file = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..]].concat();
        file.extend(header.bytes());
        for at in 0..elements.len() {
            let at = if by_column { at % rows * columns + at / rows } else { at };
            let mut bytes = written(elements[at]);
            if byte_order == '>' {
                bytes.reverse();
            }
            file.extend(bytes);
        }
        same(numbers, npy::read(&npy::Source::Bytes(file), THREADS));
    }
}

/// That it is read as these numbers, bit by bit; but one that is none has many forms.
fn same<T: Number, E: Debug>(numbers: &Numbers<T>, read: Result<Read, E>) {
    let (rows, columns) = (numbers.rows, numbers.columns);
    let seen = match read.expect("written by us") {
        Read::I32(read) => (read.rows, read.columns, forms(&read.elements)),
        Read::I64(read) => (read.rows, read.columns, forms(&read.elements)),
        Read::F32(read) => (read.rows, read.columns, forms(&read.elements)),
        Read::F64(read) => (read.rows, read.columns, forms(&read.elements)),
    };
    assert_eq!(seen, (rows, columns, forms(&numbers.elements)));
}

/// As Rust writes them, which tells any two floats apart, and floats from integers.
fn forms<T: Debug>(elements: &[T]) -> Vec<String> {
    elements.iter().map(|element| format!("{element:?}")).collect()
}
