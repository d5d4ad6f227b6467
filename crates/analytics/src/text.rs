//! Finding a text whatever the case of its letters.

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needle {
    lower: String,
    ascii: bool,
}

impl Needle {
    /// Looks for this text.
    pub(crate) fn new(text: &str) -> Needle {
        let lower = text.to_lowercase();
        Needle { ascii: lower.is_ascii(), lower }
    }

    /// Whether the text is somewhere in `hay`.
    pub(crate) fn is_in(&self, hay: &str) -> bool {
        if self.ascii && hay.is_ascii() {
            let (needle, hay) = (self.lower.as_bytes(), hay.as_bytes());
            return needle.is_empty()
                || hay.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
        }
        hay.to_lowercase().contains(&self.lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference_in_any_script() {
        for (needle, hay) in [
            ("oak", "12 OAK Street"),
            ("STRASSE", "Lange strasse 5"),
            ("ÖSTER", "Västra österlånggatan"),
            ("ЛЕСНАЯ", "ул. Лесная, 5"),
            ("", "anything"),
        ] {
            assert!(Needle::new(needle).is_in(hay), "{needle} in {hay}");
        }
        assert!(!Needle::new("oak").is_in("12 Elm Street"));
        assert!(!Needle::new("longer than that").is_in("short"));
    }
}
