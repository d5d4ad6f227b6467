//! Aligned columns for people.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns between columns.
const GAP: usize = 2;
/// A column of text is not made narrower than this.
const NARROWEST: usize = 8;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Flush right, never cut.
    Number,
    /// Flush left, cut where the terminal is too narrow.
    Text,
}

/// The widths of a table's columns, found before the first row is written.
pub(crate) struct Table<const N: usize> {
    kinds: [Kind; N],
    widths: [usize; N],
}

impl<const N: usize> Table<N> {
    /// A table with these headers; `""` for none.
    pub(crate) fn new(columns: [(&str, Kind); N]) -> Self {
        Self {
            kinds: columns.map(|(_, kind)| kind),
            widths: columns.map(|(header, _)| header.width()),
        }
    }

    /// Makes room for a row.
    pub(crate) fn fit(&mut self, row: [&str; N]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(printed_width(cell));
        }
    }

    /// Makes columns of text narrower, the widest first, until a row fits the terminal.
    pub(crate) fn fit_terminal(&mut self, terminal: Option<usize>) {
        let Some(terminal) = terminal else { return };
        while self.widths.iter().sum::<usize>() + GAP * (N - 1) > terminal {
            let texts = (0..N).filter(|&i| self.kinds[i] == Kind::Text);
            let Some(widest) = texts.max_by_key(|&i| self.widths[i]) else { return };
            if self.widths[widest] <= NARROWEST {
                return;
            }
            self.widths[widest] -= 1;
        }
    }

    /// Writes a row.
    pub(crate) fn row(&self, out: &mut impl Write, row: [&str; N]) -> io::Result<()> {
        for (i, cell) in row.into_iter().enumerate() {
            let cell = cut(cell, self.widths[i]);
            let space = self.widths[i] - cell.width();
            let (before, after) = match self.kinds[i] {
                Kind::Number => (space, 0),
                Kind::Text => (0, space),
            };
            let last = i + 1 == N;
            spaces(out, before)?;
            out.write_all(cell.as_bytes())?;
            spaces(out, if last { 0 } else { after + GAP })?;
        }
        out.write_all(b"\n")
    }
}

fn spaces(out: &mut impl Write, count: usize) -> io::Result<()> {
    const SPACES: [u8; 64] = [b' '; 64];
    let mut left = count;
    while left > 0 {
        let now = left.min(SPACES.len());
        out.write_all(&SPACES[..now])?;
        left -= now;
    }
    Ok(())
}

fn printed_width(text: &str) -> usize {
    if plain(text) { text.len() } else { printable(text).width() }
}

/// Whether each byte is one column wide.
fn plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x20..=0x7e))
}

/// The text without characters that would move the cursor: nothing in a file steers a terminal.
fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        text.replace(char::is_control, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// The text, or as much of it as fits with an ellipsis.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if plain(text) && text.len() <= width {
        return text.into();
    }
    let text = printable(text);
    if text.width() <= width {
        return text;
    }
    let mut room = width.saturating_sub(1);
    let mut short: String = text
        .chars()
        .take_while(|c| {
            let fits = c.width().unwrap_or(0) <= room;
            room = room.saturating_sub(c.width().unwrap_or(0));
            fits
        })
        .collect();
    short.push('…');
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 2]], terminal: Option<usize>) -> Vec<String> {
        let mut table = Table::new([("name", Kind::Text), ("score", Kind::Number)]);
        rows.iter().for_each(|&row| table.fit(row));
        table.fit_terminal(terminal);
        let mut out = Vec::new();
        table.row(&mut out, ["name", "score"]).unwrap();
        rows.iter().for_each(|&row| table.row(&mut out, row).unwrap());
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_align_by_what_is_seen() {
        let rows = [["Zoe\u{308}", "1"], ["東京太郎", "12.25"]];
        assert_eq!(
            table(&rows, None),
            ["name      score", "Zoe\u{308}           1", "東京太郎  12.25"]
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_texts_but_no_numbers() {
        let rows = [["Maximiliana Featherstonehaugh", "12.25"], ["東京太郎東京太郎東京", "1"]];
        assert_eq!(
            table(&rows, Some(17)),
            ["name        score", "Maximilia…  12.25", "東京太郎…       1"]
        );
    }

    #[test]
    fn nothing_in_a_text_steers_the_terminal() {
        assert_eq!(table(&[["a\u{1b}[2Jb", "1"]], None)[1], "a\u{fffd}[2Jb      1");
    }
}
