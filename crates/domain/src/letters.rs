//! R3, R5 and R6: a driver's name to its length, vowels and consonants.

use unicode_normalization::char::decompose_canonical;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::bits::{Bits, GROUP};
use crate::classes::{MIX, Measure};
use crate::look::Look;
use crate::mask;
use crate::normal::normal_form;
use crate::records::Span;
use crate::sweep::{Counted, Kind, Lines, NO_KEY};

/// All that a score needs of a driver. Each is a count of code points of the name in normal form.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DriverTraits {
    /// R3: all code points, spaces, hyphens, apostrophes and stops among them.
    pub length: u32,
    /// R5: letters whose base letter is one of a e i o u.
    pub vowels: u32,
    /// R6: all other letters.
    pub consonants: u32,
}

/// The traits of a driver with this name.
#[must_use]
pub fn driver_traits(name: &str) -> DriverTraits {
    let name = name.trim();
    traits_at(name, Span::new(0, name.len()))
}

/// [`driver_traits`] of a trimmed span of a text. It looks at the bytes behind the span to read whole
/// windows, so it is at its best in an arena.
#[inline]
pub(crate) fn traits_at(arena: &str, span: Span) -> DriverTraits {
    plain_traits(arena.as_bytes(), span).unwrap_or_else(|| any_traits(&arena[span.range()]))
}

/// The general path: all of Unicode.
#[cold]
pub(crate) fn any_traits(name: &str) -> DriverTraits {
    let mut traits = DriverTraits::default();
    for c in normal_form(name).chars() {
        traits.length += 1;
        match letter(c) {
            Some(Letter::Vowel) => traits.vowels += 1,
            Some(Letter::Consonant) => traits.consonants += 1,
            None => {}
        }
    }
    traits
}

/// The fast path: the same by counting bytes. `None` where it does not apply: white space to collapse,
/// or anything but printable ASCII.
#[inline]
fn plain_traits(arena: &[u8], span: Span) -> Option<DriverTraits> {
    let mut traits = DriverTraits { length: span.len() as u32, vowels: 0, consonants: 0 };
    let mut scratch = [0; mask::NAME_STEP + 1];
    let mut start = span.start();
    while start < span.end() {
        let window = mask::window(arena, start, &mut scratch);
        let counts = mask::name_counts(window, span.end() - start);
        if !counts.is_plain {
            return None;
        }
        traits.vowels += counts.vowels;
        traits.consonants += counts.letters - counts.vowels;
        start += mask::NAME_STEP;
    }
    Some(traits)
}

/// The names of drivers: what is measured of them, and what the sweep asks.
#[derive(Copy, Clone, Debug)]
pub struct Names;

impl Measure for Names {
    type Traits = DriverTraits;

    /// Up to 7 that are no letters, up to 15 vowels, up to 63 in all.
    const KEYS: usize = 1 << 13;

    fn of_key(key: u16) -> DriverTraits {
        let key = u32::from(key);
        let (others, vowels, length) = (key >> 10, key >> 6 & 15, key & 63);
        DriverTraits { length, vowels, consonants: length.saturating_sub(others + vowels) }
    }

    #[inline]
    fn hash(traits: DriverTraits) -> u64 {
        let word = u64::from(traits.length) ^ u64::from(traits.vowels) << 40;
        (word ^ u64::from(traits.consonants) << 20).wrapping_mul(MIX)
    }

    #[inline]
    fn measure(self, text: &str, span: Span) -> DriverTraits {
        traits_at(text, span)
    }
}

impl Kind<2> for Names {
    /// Letters and vowels.
    type Marks = [[u64; GROUP]; 2];
    type Carry = ();

    #[inline(always)]
    fn see(self, look: impl Look, at: usize, [letters, vowels]: &mut Self::Marks) {
        (letters[at], vowels[at]) = (look.letters(), look.vowels());
    }

    #[inline(always)]
    fn count<L: Look>(
        self,
        [letters, vowels]: &Self::Marks,
        lines: Lines<L>,
        (): &mut (),
    ) -> Counted<2, L::Bits> {
        let load = |words| L::Bits::load(words, lines.look);
        Counted { masks: [load(letters), load(vowels)], unclear: lines.none() }
    }

    #[inline(always)]
    fn key(self, length: u32, [letters, vowels]: [u8; 2]) -> u16 {
        let others = (length as u8).wrapping_sub(letters);
        let has_key = (length != 0) & (length <= 63) & (others <= 7) & (vowels <= 15);
        let key = u16::from(others) << 10 | u16::from(vowels) << 6 | length as u16;
        if has_key { key } else { NO_KEY }
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Letter {
    Vowel,
    Consonant,
}

/// What kind of letter this is, if it is one (general category L).
fn letter(c: char) -> Option<Letter> {
    let is_letter = match c.is_ascii() {
        true => c.is_ascii_alphabetic(),
        false => c.general_category_group() == GeneralCategoryGroup::Letter,
    };
    is_letter.then(|| match base(c).to_ascii_lowercase() {
        'a' | 'e' | 'i' | 'o' | 'u' => Letter::Vowel,
        _ => Letter::Consonant,
    })
}

/// The first code point of the canonical decomposition.
fn base(c: char) -> char {
    let mut base = None;
    decompose_canonical(c, |part| {
        base.get_or_insert(part);
    });
    base.unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(name: &str) -> (u32, u32, u32) {
        let traits = driver_traits(name);
        (traits.length, traits.vowels, traits.consonants)
    }

    #[test]
    fn the_base_letter_decides() {
        assert_eq!(counts("aeiouAEIOU"), (10, 10, 0));
        assert_eq!(counts("yY"), (2, 0, 2));
        assert_eq!(counts("ëÅİǖ"), (4, 4, 0));
        assert_eq!(counts("ýñçÿ"), (4, 0, 4));
        assert_eq!(counts("øłæßıªΑа"), (8, 0, 8), "no decomposition, so consonants");
        assert_eq!(counts("ａＡ"), (2, 0, 2), "full-width letters decompose by NFKD only");
        assert_eq!(counts("e\u{301}"), (1, 1, 0));
        assert_eq!(counts("x\u{301}"), (2, 0, 1), "the mark is a code point and no letter");
    }

    #[test]
    fn digits_spaces_and_punctuation_count_in_the_length_only() {
        assert_eq!(counts("Conan O'Brien"), (13, 5, 6));
        assert_eq!(counts("  Mary-Ann   Lee "), (12, 4, 6));
        assert_eq!(counts("12.-'’ ٣\u{7f}\u{0}"), (10, 0, 0));
        assert_eq!(counts(""), (0, 0, 0));
    }

    fn names() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            " ",
            " ",
            " ",
            " ",
            "  ",
            "\t",
            ".",
            "-",
            "'",
            "Anna",
            "yvy",
            "O'Brien",
            "Wolfeschlegelsteinhausen",
            "X",
            "e",
            "\u{7f}",
            "\u{1}",
            "é",
            "e\u{301}",
            "\u{a0}",
            "ø",
            "12",
            "@[`{",
            "Supercalifragilisticexpialid",
        ]);
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_fast_path_answers_as_the_general_one(name in names(), behind in names()) {
            let record = name.trim();
            let arena = format!("{record}\n{behind}");
            if let Some(traits) = plain_traits(arena.as_bytes(), Span::new(0, record.len())) {
                prop_assert_eq!(traits, any_traits(record), "{:?}", record);
            }
            prop_assert_eq!(driver_traits(&name), any_traits(&name));
        }
    }

    #[test]
    fn every_printable_ascii_name_takes_the_fast_path() {
        let name: String = (' '..='\u{7f}').collect::<String>().trim().repeat(3);
        let span = Span::new(0, name.len());
        assert_eq!(plain_traits(name.as_bytes(), span), Some(any_traits(&name)));
    }
}
