//! Made-up names and addresses, from the word lists of the crate `fake`.
//!
//! The lists come from `fake`, the drawing does not: `fake` allocates for each word, and its draws
//! may change between versions. Each record takes a fixed number of words of the random stream, so
//! that record `i` of a stream can be made without those before it.

use fake::locales::{Data, EN};

/// Words of the random stream that a driver's name takes.
pub(crate) const NAME_WORDS: usize = 2;
/// Words of the random stream that an address takes.
pub(crate) const ADDRESS_WORDS: usize = 8;

/// Of 2³² draws, those that give an address a unit: three of ten.
const WITH_UNIT: u32 = u32::MAX / 10 * 3;

/// One of a list, by one word: the bias is below 2⁻²⁰ for lists as short as these.
fn pick<'a>(list: &[&'a str], word: u32) -> &'a str {
    list[below(list.len() as u32, word) as usize]
}

/// A number below `end`, by one word.
fn below(end: u32, word: u32) -> u32 {
    ((u64::from(word) * u64::from(end)) >> 32) as u32
}

/// Writes a name such as `Everardo Welch`.
pub(crate) fn write_name(out: &mut String, words: [u32; NAME_WORDS]) {
    out.push_str(pick(EN::NAME_FIRST_NAME, words[0]));
    out.push(' ');
    out.push_str(pick(EN::NAME_LAST_NAME, words[1]));
}

/// Writes an address such as `63187 Volkman Garden Suite 447`.
pub(crate) fn write_address(out: &mut String, words: [u32; ADDRESS_WORDS]) {
    let [house_digits, house, which, name, suffix, unit, unit_kind, unit_number] = words;
    let least = [100, 1_000, 10_000][below(3, house_digits) as usize];
    write_number(out, least + below(9 * least, house));
    out.push(' ');
    let street = if which & 1 == 0 { EN::NAME_LAST_NAME } else { EN::NAME_FIRST_NAME };
    out.push_str(pick(street, name));
    out.push(' ');
    out.push_str(pick(EN::ADDRESS_STREET_SUFFIX, suffix));
    if unit < WITH_UNIT {
        out.push_str(pick(&[" Apt. ", " Suite "], unit_kind));
        write_number(out, 100 + below(900, unit_number));
    }
}

fn write_number(out: &mut String, number: u32) {
    let mut place = 1;
    while number / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        out.push(char::from(b'0' + (number / place % 10) as u8));
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_reach_both_ends_of_a_list() {
        assert_eq!((below(10, 0), below(10, u32::MAX)), (0, 9));
        let mut text = String::new();
        write_address(&mut text, [0; ADDRESS_WORDS]);
        assert_eq!(text, "100 Abbott Alley Apt. 100");
        text.clear();
        write_address(&mut text, [u32::MAX; ADDRESS_WORDS]);
        assert_eq!(text, "99999 Zula Wells");
    }
}
