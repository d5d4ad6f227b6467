//! A matrix as text: a row a line, numbers between commas, without a header.

use super::{
    MatrixProblem,
    number::{Numbers, Read},
};

/// Integers if all are, floats otherwise. Blank lines are passed over.
pub(super) fn read(bytes: &[u8]) -> Result<Read, MatrixProblem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        MatrixProblem::NotUtf8 { line: 1 + before.iter().filter(|&&byte| byte == b'\n').count() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(MatrixProblem::Empty);
    }
    if let Some(integers) = numbers(text, |field| field.parse().ok())? {
        return Ok(Read::I64(integers));
    }
    let floats = numbers(text, |field| field.parse().ok())?;
    floats.map(Read::F64).ok_or_else(|| no_number(text))
}

/// All numbers, or nothing if one is none.
fn numbers<T>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<Numbers<T>>, MatrixProblem> {
    let (mut rows, mut columns) = (0, 0);
    let mut elements = Vec::new();
    for line in lines(text) {
        let before = elements.len();
        for field in fields(line) {
            let Some(number) = parse(field) else { return Ok(None) };
            elements.push(number);
        }
        let found = elements.len() - before;
        if rows == 0 {
            columns = found;
        } else if found != columns {
            return Err(MatrixProblem::Ragged { row: rows, expected: columns, found });
        }
        rows += 1;
    }
    Ok(Some(Numbers { rows, columns, elements }))
}

/// The first field that is none.
fn no_number(text: &str) -> MatrixProblem {
    let all = lines(text).map(fields).enumerate();
    let mut all = all.flat_map(|(row, fields)| {
        fields.enumerate().map(move |(column, field)| (row, column, field))
    });
    match all.find(|(.., field)| field.parse::<f64>().is_err()) {
        Some((row, column, "")) => MatrixProblem::NoText { row, column },
        Some((row, column, text)) => {
            MatrixProblem::Text { row, column, text: text.chars().take(40).collect() }
        }
        None => MatrixProblem::Empty,
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(str::trim)
}
