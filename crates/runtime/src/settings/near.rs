//! The known name that was probably meant.

/// The nearest of `known` within two slips of the pen, if there is one.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|known| (distance(name, known), known)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// Letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.chars().enumerate() {
        let mut left = row + 1;
        for (column, other) in b.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != *other);
            let here = replaced.min(left + 1).min(above[column + 1] + 1);
            above[column] = left;
            left = here;
        }
        above[b.len()] = left;
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["listen", "ops_listen", "data"];
        assert_eq!(nearest("opslisten", known.into_iter()), Some("ops_listen"));
        assert_eq!(nearest("lisetn", known.into_iter()), Some("listen"));
        assert_eq!(nearest("analytics", known.into_iter()), None);
        assert_eq!(
            (distance("", "abc"), distance("abc", "abc"), distance("kitten", "sitting")),
            (3, 0, 3)
        );
    }
}
