use alloc::vec::Vec;

use crate::Error;

/// The largest magnitude of a score. It leaves the sums of a shortest path (at most six scores,
/// doubled) and the sentinels above them inside an `i64`.
pub const MAX_SCORE: i64 = 1 << 58;

/// Stands for a forbidden pair inside the table; far beyond every score.
const FORBIDDEN: i64 = i64::MIN;

/// A rectangular table of integer scores, row-major, in which a pair may be forbidden.
///
/// The unit of a score is the caller's (quarter points in Waybill).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    rows: usize,
    columns: usize,
    scores: Vec<i64>,
}

impl Table {
    /// A table of `rows` × `columns` scores; `score(row, column)` is called once a pair, row by
    /// row, and `None` forbids the pair. Either side may be 0.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when a side has `u32::MAX` members or more;
    /// [`Error::ScoreTooLarge`] when a score is beyond ±[`MAX_SCORE`].
    pub fn from_fn(
        rows: usize,
        columns: usize,
        mut score: impl FnMut(usize, usize) -> Option<i64>,
    ) -> Result<Self, Error> {
        let mut scores = Vec::with_capacity(size(rows, columns)?);
        for row in 0..rows {
            for column in 0..columns {
                scores.push(match score(row, column) {
                    None => FORBIDDEN,
                    Some(score) if score.unsigned_abs() <= MAX_SCORE.unsigned_abs() => score,
                    Some(_) => return Err(Error::ScoreTooLarge { row, column }),
                });
            }
        }
        Ok(Self { rows, columns, scores })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The score of a pair; `None` when it is forbidden or outside the table.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> Option<i64> {
        if row >= self.rows || column >= self.columns {
            return None;
        }
        permitted(self.scores[row * self.columns + column])
    }

    /// The scores of a row, one a column.
    pub(crate) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = Option<i64>> {
        self.scores[row * self.columns..][..self.columns].iter().map(|&score| permitted(score))
    }

    /// The scores of a row as they are kept: a forbidden pair's is negative.
    pub(crate) fn kept(&self, row: usize) -> &[i64] {
        &self.scores[row * self.columns..][..self.columns]
    }

    /// All scores as they are kept, row after row.
    pub(crate) fn all_kept(&self) -> &[i64] {
        &self.scores
    }

    /// The pair with the highest score: `(score, row, column)`; the first of equals.
    pub(crate) fn highest(&self) -> Option<(i64, usize, usize)> {
        let highest = *self.scores.iter().max()?;
        let at = self.scores.iter().position(|&score| score == highest)?;
        permitted(highest).map(|score| (score, at / self.columns, at % self.columns))
    }
}

fn permitted(score: i64) -> Option<i64> {
    (score != FORBIDDEN).then_some(score)
}

fn size(rows: usize, columns: usize) -> Result<usize, Error> {
    let numbered = |count: usize| u32::try_from(count).is_ok_and(|count| count < u32::MAX);
    rows.checked_mul(columns)
        .filter(|&pairs| numbered(rows) && numbered(columns) && pairs <= isize::MAX as usize / 8)
        .ok_or(Error::TooLarge { rows: rows as u64, columns: columns as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_taken_up_to_the_limit_and_named_one_over() {
        for score in [MAX_SCORE, -MAX_SCORE] {
            assert_eq!(Table::from_fn(1, 1, |_, _| Some(score)).unwrap().get(0, 0), Some(score));
        }
        for score in [MAX_SCORE + 1, -MAX_SCORE - 1, i64::MIN, i64::MAX] {
            let table = Table::from_fn(2, 3, |r, c| Some(if (r, c) == (1, 2) { score } else { 0 }));
            assert_eq!(table, Err(Error::ScoreTooLarge { row: 1, column: 2 }));
        }
    }

    #[test]
    fn sides_that_cannot_be_numbered_are_refused_before_memory_is_taken() {
        let side = u32::MAX as usize;
        for (rows, columns) in [(side, 0), (0, side), (side - 1, side - 1), (usize::MAX, 2)] {
            let refused = Table::from_fn(rows, columns, |_, _| None);
            let (rows, columns) = (rows as u64, columns as u64);
            assert_eq!(refused, Err(Error::TooLarge { rows, columns }));
        }
        assert!(Table::from_fn(side - 1, 0, |_, _| None).is_ok());
    }

    #[test]
    fn a_pair_outside_is_not_permitted() {
        let table = Table::from_fn(2, 2, |r, c| (r == c).then_some(5)).unwrap();
        assert_eq!(table.get(0, 0), Some(5));
        assert_eq!(table.get(0, 1), None);
        assert_eq!(table.get(0, 3), None);
        assert_eq!(table.get(2, 0), None);
    }
}
