use alloc::vec::Vec;
use core::fmt;

/// Why no assignment is permitted: rows of which none may stay unassigned, and whose permitted
/// columns have together fewer places than they are (a violation of Hall's condition).
///
/// [`sparse::solve`](crate::sparse::solve()) gives one that is minimal: without any one of its rows the others can
/// be assigned, and one place more in any of its columns is enough for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The rows, ascending.
    pub rows: Vec<u32>,
    /// All columns that these rows are permitted, ascending.
    pub columns: Vec<u32>,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (Listed("row", &self.rows), Listed("column", &self.columns));
        match (self.rows.as_slice(), self.columns.as_slice()) {
            ([], _) => f.write_str("no rows"),
            ([_], []) => write!(f, "{rows} is permitted no column"),
            ([_], _) => write!(f, "{rows} is permitted only {columns}, with too few places"),
            _ => write!(f, "{rows} are permitted only {columns}, with too few places"),
        }
    }
}

/// Members by number, as a sentence names them: the first few of many.
pub(crate) struct Listed<'a>(pub(crate) &'static str, pub(crate) &'a [u32]);

impl Listed<'_> {
    /// So many are named.
    const FEW: usize = 8;
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, members) = *self;
        let (named, more) = members.split_at(members.len().min(Self::FEW));
        match named {
            [] => return write!(f, "no {what}"),
            [only] => return write!(f, "{what} {only}"),
            [first, ..] => write!(f, "{what}s {first}")?,
        }
        let last = named.len() - 1;
        for (place, member) in named.iter().enumerate().skip(1) {
            let and = if place == last && more.is_empty() { " and" } else { "," };
            write!(f, "{and} {member}")?;
        }
        match more.len() {
            0 => Ok(()),
            count => write!(f, " and {count} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn few_members_are_named_and_many_are_counted() {
        let says = |members: &[u32]| Listed("row", members).to_string();
        assert_eq!(says(&[]), "no row");
        assert_eq!(says(&[3]), "row 3");
        assert_eq!(says(&[3, 5]), "rows 3 and 5");
        assert_eq!(says(&[3, 5, 9]), "rows 3, 5 and 9");
        let many: Vec<u32> = (0..10).collect();
        assert_eq!(says(&many), "rows 0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
