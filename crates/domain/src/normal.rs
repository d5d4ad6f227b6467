//! R2: the normal form of a record.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// R2: `text` in NFC, without white space around it, every run of white space one U+0020.
///
/// White space is Unicode's `White_Space`. (Python's `str.split` also splits at U+001C to U+001F,
/// which are not; the rule's text decides.)
#[must_use]
pub fn normal_form(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let nfc = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect::<String>()),
    };
    if has_single_spaces(&nfc) {
        return nfc;
    }
    let mut normal = String::with_capacity(nfc.len());
    for token in nfc.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(token);
    }
    Cow::Owned(normal)
}

/// Whether every white space of a trimmed text is a single U+0020 already.
fn has_single_spaces(text: &str) -> bool {
    let mut after_space = false;
    text.chars().all(|c| {
        let fine = if c == ' ' { !after_space } else { !c.is_whitespace() };
        after_space = c == ' ';
        fine
    })
}

#[cfg(test)]
mod tests {
    use super::normal_form;
    use std::borrow::Cow;

    #[test]
    fn every_white_space_collapses_and_goes_from_the_ends() {
        let spaces = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
        assert_eq!(normal_form(&format!("{spaces}a{spaces}b{spaces}")), "a b");
        for c in spaces.chars() {
            assert_eq!(normal_form(&format!("a{c}b")), "a b", "{c:?}");
        }
        assert_eq!(normal_form(spaces), "");
    }

    #[test]
    fn the_four_separators_that_only_python_splits_at_are_kept() {
        // str.split() of the oracle would answer "a b" here; White_Space has none of the four.
        for c in ['\u{1c}', '\u{1d}', '\u{1e}', '\u{1f}'] {
            assert_eq!(normal_form(&format!("a{c}b")), format!("a{c}b"));
        }
    }

    #[test]
    fn composes_and_borrows_what_is_normal_already() {
        assert_eq!(normal_form("Zoe\u{308} A\u{30a}"), "Zoë Å");
        assert!(matches!(normal_form("  Zoë Ångström\r"), Cow::Borrowed("Zoë Ångström")));
    }
}
