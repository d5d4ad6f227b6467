//! R3 and R4: an address to its street name, and the length of that.

use crate::bits::{Bits, GROUP, run};
use crate::classes::{MIX, Measure};
use crate::look::{Look, Words};
use crate::mask;
use crate::normal::normal_form;
use crate::records::Span;
use crate::sweep::{Counted, Kind, LONGEST, Lines, NO_KEY};

/// Which part of a shipment's line counts.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum StreetName {
    /// The lines are addresses: the street name is what R4 leaves of them.
    #[default]
    Address,
    /// The lines are street names already: R4 is off and the whole line counts.
    FullLine,
}

/// All that a score needs of a shipment: code points of the street name.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreetLength(pub u32);

/// The street name of an address: R2, and R4 if `rule` says so.
#[must_use]
pub fn street_name(address: &str, rule: StreetName) -> String {
    let normal = normal_form(address);
    match rule {
        StreetName::Address => without_number_and_unit(&normal).to_owned(),
        StreetName::FullLine => normal.into_owned(),
    }
}

/// The code points of the street name of an address.
#[must_use]
pub fn street_length(address: &str, rule: StreetName) -> StreetLength {
    let address = address.trim();
    length_at(address, Span::new(0, address.len()), rule)
}

/// [`street_length`] of a trimmed span of a text. It looks at the bytes behind the span to read whole
/// windows, so it is at its best in an arena.
#[inline]
pub(crate) fn length_at(arena: &str, span: Span, rule: StreetName) -> StreetLength {
    plain_length(arena.as_bytes(), span, rule)
        .unwrap_or_else(|| any_length(&arena[span.range()], rule))
}

/// The general path: all of Unicode, any length.
#[cold]
pub(crate) fn any_length(address: &str, rule: StreetName) -> StreetLength {
    let normal = normal_form(address);
    let name = match rule {
        StreetName::Address => without_number_and_unit(&normal),
        StreetName::FullLine => &normal,
    };
    StreetLength(name.chars().count() as u32)
}

/// R4 on a text in normal form, where tokens stand one space apart.
fn without_number_and_unit(normal: &str) -> &str {
    let head = normal.split(',').next().unwrap_or_default().trim();
    let mut name = if head.is_empty() { normal } else { head };
    if let Some((number, rest)) = name.split_once(' ')
        && is_house_number(number.as_bytes())
    {
        name = rest;
    }
    if let Some((before, last)) = name.rsplit_once(' ') {
        if last.starts_with('#') {
            name = before;
        } else if let Some((before, word)) = before.rsplit_once(' ')
            && is_unit_word(word.as_bytes())
        {
            name = before;
        }
    }
    name
}

/// The fast path: the same on the masks of one window. `None` where it does not apply: white space
/// to collapse, anything but printable ASCII, or no end within the window.
#[inline]
fn plain_length(arena: &[u8], span: Span, rule: StreetName) -> Option<StreetLength> {
    // Most addresses fit the smaller window, which costs half as much.
    if span.len() <= 32 {
        windowed_length::<32>(arena, span, rule)
    } else {
        windowed_length::<64>(arena, span, rule)
    }
}

#[inline(always)]
fn windowed_length<const N: usize>(
    arena: &[u8],
    span: Span,
    rule: StreetName,
) -> Option<StreetLength> {
    let mut scratch = [0; N];
    let window = mask::window::<N>(arena, span.start(), &mut scratch);
    let line = mask::low(span.len().min(N));
    let mut spaces = mask::equal(window, b' ') & line;
    // Where R4 is off nothing cuts, and NUL is odd anyway.
    let cut = if rule == StreetName::Address { b',' } else { 0 };
    let special = mask::first_odd_or(window, cut) & line;

    let mut end = span.len();
    if special != 0 {
        // Behind a comma anything may stand.
        end = special.trailing_zeros() as usize;
        if window[end] != b',' || end == 0 {
            return None;
        }
        end -= usize::from(window[end - 1] == b' ');
        let name = mask::low(end);
        // One space before the comma goes; of two, the first is left at the end.
        if end == 0 || spaces & name & 1 << (end - 1) != 0 {
            return None;
        }
        spaces &= name;
    } else if span.len() > N {
        return None;
    }
    if spaces & spaces << 1 != 0 {
        return None;
    }
    if rule == StreetName::FullLine {
        return Some(StreetLength(end as u32));
    }

    let mut start = 0;
    if spaces != 0 {
        let first = spaces.trailing_zeros() as usize;
        if is_house_number(&window[..first]) {
            start = first + 1;
            spaces &= spaces - 1;
        }
    }
    if spaces != 0 {
        let last = spaces.ilog2() as usize;
        let before = spaces ^ 1 << last;
        if window[last + 1] == b'#' {
            end = last;
        } else if before != 0 {
            let previous = before.ilog2() as usize;
            if is_unit_word(&window[previous + 1..last]) {
                end = previous;
            }
        }
    }
    Some(StreetLength((end - start) as u32))
}

/// The addresses of shipments: what is measured of them, and what the sweep asks. The key is the length.
#[derive(Copy, Clone, Debug)]
pub struct Streets(pub(crate) StreetName);

impl Measure for Streets {
    type Traits = StreetLength;
    const KEYS: usize = LONGEST + 1;

    fn of_key(key: u16) -> StreetLength {
        StreetLength(key.into())
    }

    #[inline]
    fn hash(length: StreetLength) -> u64 {
        u64::from(length.0).wrapping_mul(MIX)
    }

    #[inline]
    fn measure(self, text: &str, span: Span) -> StreetLength {
        length_at(text, span, self.0)
    }
}

/// What a block of addresses leaves to the next: 1 where something goes on there.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Carry {
    /// A name whose end is looked for.
    name: u64,
    /// What stands behind the first comma.
    rest: u64,
    /// The digits of a house number.
    number: u64,
    /// A unit, with the space before it.
    unit: u64,
    /// The word that it begins with.
    unit_word: u64,
    /// Such a word begins with the first byte.
    before_unit_word: u64,
    /// Such a word has a stop before the first byte.
    stop: u64,
}

/// Lines that are addresses, as the sweep reads them.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Addresses;

/// Lines of which the length is all that counts: street names, and what nobody measures.
#[derive(Copy, Clone, Debug)]
pub(crate) struct FullLines;

impl Kind<0> for FullLines {
    type Marks = ();
    type Carry = ();

    #[inline(always)]
    fn see(self, _: impl Look, _: usize, (): &mut ()) {}

    #[inline(always)]
    fn count<L: Look>(self, (): &(), lines: Lines<L>, (): &mut ()) -> Counted<0, L::Bits> {
        Counted { masks: [], unclear: lines.none() }
    }

    #[inline(always)]
    fn key(self, length: u32, []: [u8; 0]) -> u16 {
        if length == 0 { NO_KEY } else { length as u16 }
    }
}

/// What is seen of a group of addresses.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Marks {
    digits: [u64; GROUP],
    commas: [u64; GROUP],
    /// Where the byte behind is a number sign.
    next_signs: [u64; GROUP],
    stops: [u64; GROUP],
    /// Where the bytes behind begin with a unit word.
    words: [u64; GROUP],
    /// Where they may.
    words_perhaps: [u64; GROUP],
}

impl Kind<1> for Addresses {
    type Marks = Marks;
    type Carry = Carry;

    #[inline(always)]
    fn see(self, look: impl Look, at: usize, marks: &mut Marks) {
        marks.digits[at] = look.between(b'0', b'9');
        marks.commas[at] = look.equal(b',');
        marks.next_signs[at] = look.next_equal(b'#');
        marks.stops[at] = look.equal(b'.');
        [marks.words[at], marks.words_perhaps[at]] = look.next_words(&UNIT_WORDS);
    }

    /// R4 for all lines of a block at once: what is not counted is a house number, a unit, and what stands
    /// behind a comma. Where more than one look would be needed to be sure the line is unclear.
    #[inline(always)]
    fn count<L: Look>(
        self,
        marks: &Marks,
        lines: Lines<L>,
        carry: &mut Carry,
    ) -> Counted<1, L::Bits> {
        let Lines { feeds, starts, spaces, after_white, .. } = lines;
        let load = |words| L::Bits::load(words, lines.look);
        let digits = load(&marks.digits);
        let (number, number_ends) = run(digits, starts & digits, &mut carry.number);
        let after_number = number_ends & spaces;
        // An ordinal, letters in the number, or nothing else.
        let mut unclear = number_ends & !spaces;
        let before = spaces & !after_number;
        let mut not_counted = feeds | number | after_number;

        let (mut ends, mut signs) = (feeds, None);
        let (commas, next_signs) = (load(&marks.commas), load(&marks.next_signs));
        // Most files have no such lines, or only such.
        if carry.rest != 0 || (commas | next_signs).any() {
            let rest;
            (_, ends) = run(!(commas | feeds), starts, &mut carry.name);
            (rest, _) = run(!feeds, ends & commas, &mut carry.rest);
            not_counted = not_counted | rest;
            // Nothing stands before the comma, or a space goes too.
            unclear = unclear | commas & after_white;
            signs = Some(before & next_signs & !rest);
        } else {
            carry.name = u64::from(!lines.ends_with_feed);
        }
        let before = before & !not_counted;

        unclear = unclear | before & load(&marks.words_perhaps);
        let before_word = before & load(&marks.words);
        let before_unit = signs.map_or(before_word, |signs| before_word | signs);
        let (unit, _) = run(!ends, before_unit, &mut carry.unit);
        let word_starts = before_word.shifted(&mut carry.before_unit_word);
        let (word, word_ends) = run(!(spaces | ends), word_starts, &mut carry.unit_word);
        // A stop that is not the last of its word or ends the name, a token too many (a sign alone is a
        // word like suite), a second unit.
        let stops = word & load(&marks.stops);
        unclear = unclear | stops.shifted(&mut carry.stop) & !spaces;
        unclear = unclear | unit & spaces & !(before_unit | word_ends);
        unclear = unclear | before_unit & !unit;

        Counted { masks: [!(not_counted | unit)], unclear }
    }

    /// The length is the key.
    #[inline(always)]
    fn key(self, length: u32, [counted]: [u8; 1]) -> u16 {
        if length == 0 { NO_KEY } else { counted.into() }
    }
}

/// The unit words, and a stop or a space behind each. Those of two letters and the one of nine share a bit
/// with words that are none.
static UNIT_WORDS: Words = {
    let words: [&[u8]; 7] = [b"fl", b"apt", b"ste", b"unit", b"room", b"suite", b"floor"];
    let mut table = Words::none(0x7f);
    let mut i = 0;
    while i < words.len() {
        let (word, mut place) = (words[i], 0);
        while place < word.len() {
            table = table.allow(i, place, word[place]);
            place += 1;
        }
        table = table.allow(i, place, b' ').allow(i, place, b'.').allow_all_from(i, place + 1);
        i += 1;
    }
    // rm, apartment
    table = table.allow(i, 0, b'r').allow(i, 0, b'a').allow(i, 1, b'm').allow(i, 1, b'p');
    table = table.allow(i, 2, b' ').allow(i, 2, b'.').allow(i, 2, b'a');
    table.allow_all_from(i, 3)
};

/// A token that starts with a digit and is not an ordinal.
#[inline(always)]
fn is_house_number(token: &[u8]) -> bool {
    let is_digit = |end: Option<&u8>| end.is_some_and(u8::is_ascii_digit);
    is_digit(token.first()) && (is_digit(token.last()) || !is_ordinal(token))
}

/// Digits and then st, nd, rd or th in any case. U+017F (long s) is an s of another case.
fn is_ordinal(token: &[u8]) -> bool {
    let digits = token.iter().take_while(|b| b.is_ascii_digit()).count();
    let suffix = &token[digits..];
    digits > 0
        && (["st", "nd", "rd", "th"].iter().any(|s| suffix.eq_ignore_ascii_case(s.as_bytes()))
            || matches!(suffix, [0xc5, 0xbf, b't' | b'T']))
}

/// A word that says what the token after it is: Apt, Suite, Floor and so on, in any case, stops
/// behind it or none.
#[inline]
fn is_unit_word(token: &[u8]) -> bool {
    let mut word = token;
    while let [rest @ .., b'.'] = word {
        word = rest;
    }
    let is = |unit: &str| word.eq_ignore_ascii_case(unit.as_bytes());
    match word.len() {
        1 => word == b"#",
        2 => is("rm") || is("fl"),
        3 => is("apt") || is("ste"),
        4 => is("unit") || is("room"),
        5 => is("suite") || is("floor"),
        9 => is("apartment"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(address: &str) -> String {
        street_name(address, StreetName::Address)
    }

    #[test]
    fn a_house_number_goes_and_an_ordinal_stays() {
        assert_eq!(name("215 Osinski Manors"), "Osinski Manors");
        assert_eq!(name("12B 5th Avenue"), "5th Avenue");
        for ordinal in ["1st", "2ND", "3Rd", "42nd", "111TH", "1\u{17f}t", "1\u{17f}T"] {
            assert_eq!(name(&format!("{ordinal} Street")), format!("{ordinal} Street"));
        }
        for number in ["1sts", "1s", "st1", "1st2", "1-2nd", "1ft"] {
            let rest =
                if number.starts_with('1') { "Street".into() } else { format!("{number} Street") };
            assert_eq!(name(&format!("{number} Street")), rest);
        }
        assert_eq!(name("٣ Street"), "٣ Street", "only 0 to 9 are digits of a house number");
        assert_eq!(name("500"), "500");
    }

    #[test]
    fn a_trailing_unit_goes_unless_nothing_would_be_left() {
        for word in
            ["Apt", "apartment", "SUITE", "Ste.", "unit", "Room", "rm", "Floor", "Fl..", "#", "#."]
        {
            assert_eq!(name(&format!("7 Elm Row {word} 9")), "Elm Row");
            assert_eq!(name(&format!("7 {word} 9")), format!("{word} 9"), "{word}");
            let kept = if word.starts_with('#') { String::new() } else { format!(" {word}") };
            assert_eq!(name(&format!("7 Elm Row {word}")), format!("Elm Row{kept}"));
        }
        assert_eq!(name("10 Unit Street #4"), "Unit Street");
        assert_eq!(name("Elm #"), "Elm");
        assert_eq!(name("#4"), "#4");
        assert_eq!(name("Elm Unit Unit 4"), "Elm Unit");
        assert_eq!(name("Elm Suite. 4 b"), "Elm Suite. 4 b");
        assert_eq!(name("Elm .. 4"), "Elm .. 4");
    }

    #[test]
    fn the_first_comma_ends_it_unless_nothing_stands_before() {
        assert_eq!(
            name("1600 Pennsylvania Avenue NW, Washington, DC 20500"),
            "Pennsylvania Avenue NW"
        );
        assert_eq!(name("5 Elm Row , #3"), "Elm Row");
        assert_eq!(name(", 5 Elm Row"), ", 5 Elm Row");
        assert_eq!(name(" , 5 Elm Row #3"), ", 5 Elm Row");
        assert_eq!(name(","), ",");
        assert_eq!(street_name(" 5 Elm  Row, #3", StreetName::FullLine), "5 Elm Row, #3");
        assert_eq!(name(""), "");
    }

    /// Addresses of the pieces that R4 looks at; mostly ASCII, so that both paths apply.
    fn addresses() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            " ",
            " ",
            " ",
            " ",
            " ",
            " ",
            "  ",
            "\t",
            ",",
            " ,",
            ", ",
            "#",
            "#4",
            ".",
            "Apt",
            "apt.",
            "SUITE",
            "Ste..",
            "unit",
            "Room",
            "rm",
            "Floor",
            "fl.",
            "apartment",
            "7",
            "63187",
            "12B",
            "42nd",
            "1ST",
            "Elm",
            "Volkman Garden",
            "NW",
            "-",
            "'",
            "\u{7f}",
            "\u{0}",
            "é",
            "e\u{301}",
            "\u{a0}",
            "ﬁ",
            "1\u{17f}t",
            "Llanfairpwllgwyngyllgogerychwyrndrobwll",
        ]);
        prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_fast_path_answers_as_the_general_one(
            address in addresses(), behind in addresses(), full in any::<bool>(),
        ) {
            let rule = if full { StreetName::FullLine } else { StreetName::Address };
            let record = address.trim();
            let arena = format!("{record}\n{behind}");
            let span = Span::new(0, record.len());
            if let Some(length) = plain_length(arena.as_bytes(), span, rule) {
                prop_assert_eq!(length, any_length(record, rule), "{:?}", record);
            }
            prop_assert_eq!(street_length(&address, rule), any_length(&address, rule));
        }
    }

    #[test]
    fn real_addresses_take_the_fast_path() {
        for address in
            ["63187 Volkman Garden Suite 447", "4113 Holiday Drive, Panama City, FL 32408"]
        {
            let span = Span::new(0, address.len());
            assert!(plain_length(address.as_bytes(), span, StreetName::Address).is_some());
        }
    }
}
