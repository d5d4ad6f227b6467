//! Records with the same traits collapsed into one class.
//!
//! The score of a pair depends on the traits alone, so a million records are a few hundred classes.
//! Classes are numbered by ascending value: which parts the records came in makes no difference.

use std::fmt;
use std::ops::{Index, Range};
use std::slice;

use crate::letters::Names;
use crate::lines::Measured;
use crate::records::Span;
use crate::street::Streets;
use crate::{DriverTraits, Records, StreetLength, StreetName};

/// Shipments by the length of their street name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetClasses {
    /// The length of each class: distinct, ascending.
    pub lengths: Vec<StreetLength>,
    /// How many records each class has.
    pub counts: Vec<u64>,
    /// The class of each record, in the records' order.
    pub class: Members,
}

impl StreetClasses {
    /// The classes of these records.
    #[must_use]
    pub fn of(records: &Records, rule: StreetName) -> StreetClasses {
        let mut column = StreetColumn::with_capacity(rule, records.len());
        column.extend(records);
        column.finish()
    }

    /// The classes of records with these lengths, in this order.
    #[must_use]
    pub fn from_lengths(lengths: Vec<StreetLength>) -> StreetClasses {
        let mut column = StreetColumn::with_capacity(StreetName::FullLine, lengths.len());
        lengths.into_iter().for_each(|length| column.push_traits(length));
        column.finish()
    }
}

/// Drivers by the traits of their name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverClasses {
    /// The traits of each class: distinct, ascending.
    pub traits: Vec<DriverTraits>,
    /// How many records each class has.
    pub counts: Vec<u64>,
    /// The class of each record, in the records' order.
    pub class: Members,
}

impl DriverClasses {
    /// The classes of these records.
    #[must_use]
    pub fn of(records: &Records) -> DriverClasses {
        let mut column = DriverColumn::with_capacity(records.len());
        column.extend(records);
        column.finish()
    }

    /// The classes of records with these traits, in this order.
    #[must_use]
    pub fn from_traits(traits: Vec<DriverTraits>) -> DriverClasses {
        let mut column = DriverColumn::with_capacity(traits.len());
        traits.into_iter().for_each(|traits| column.push_traits(traits));
        column.finish()
    }
}

/// Shipments that are measured as they arrive, in parts of any size.
pub type StreetColumn = Column<Streets>;

impl StreetColumn {
    /// No shipments yet.
    #[must_use]
    pub fn new(rule: StreetName) -> StreetColumn {
        StreetColumn::with_capacity(rule, 0)
    }

    /// No shipments yet, with room for so many.
    #[must_use]
    pub fn with_capacity(rule: StreetName, records: usize) -> StreetColumn {
        Column::of(Streets(rule), records)
    }

    /// The classes of all that came.
    #[must_use]
    pub fn finish(self) -> StreetClasses {
        let Ranked { values: lengths, counts, class } = self.rank();
        StreetClasses { lengths, counts, class }
    }
}

/// Drivers that are measured as they arrive, in parts of any size.
pub type DriverColumn = Column<Names>;

impl DriverColumn {
    /// No drivers yet.
    #[must_use]
    pub fn new() -> DriverColumn {
        DriverColumn::with_capacity(0)
    }

    /// No drivers yet, with room for so many.
    #[must_use]
    pub fn with_capacity(records: usize) -> DriverColumn {
        Column::of(Names, records)
    }

    /// The classes of all that came.
    #[must_use]
    pub fn finish(self) -> DriverClasses {
        let Ranked { values: traits, counts, class } = self.rank();
        DriverClasses { traits, counts, class }
    }
}

impl Default for DriverColumn {
    fn default() -> DriverColumn {
        DriverColumn::new()
    }
}

/// What is measured of a record. Implemented for the two kinds there are, and nowhere else.
pub trait Measure: Copy {
    /// What makes a class: equal for records that score alike with all.
    type Traits: Copy + Ord + Default;

    /// Keys of the sweep are below this, a power of two.
    const KEYS: usize;

    /// The traits with this key.
    fn of_key(key: u16) -> Self::Traits;

    /// Well mixed in the highest bits.
    fn hash(traits: Self::Traits) -> u64;

    /// The traits of a trimmed span of a text.
    fn measure(self, text: &str, span: Span) -> Self::Traits;
}

/// An odd number with no pattern to its bits (2^64 divided by the golden ratio): what hashes multiply by.
pub(crate) const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Records that are measured as they arrive: the distinct traits so far, and which each record has.
///
/// A record has a *code*: its key, when records come with keys, and otherwise the place of its traits
/// among those that came without, behind all keys. Which class that is turns out at the end.
#[derive(Clone, Debug)]
pub struct Column<M: Measure> {
    measure: M,
    /// How many codes are keys: all, or none when records come without.
    keys: u32,
    /// How many records have each code. In turns: one count would wait for itself when a record follows
    /// another like it.
    counts: Vec<[u32; TURNS]>,
    /// The traits that came without a key, in the order they were first seen.
    values: Vec<M::Traits>,
    /// The code of each record.
    codes: Codes,
    /// A hash table with linear probing, at most half full: traits and their place in `values`, plus
    /// one; 0 is free.
    slots: Vec<(M::Traits, u32)>,
    /// 64 less the binary logarithm of the table's size.
    shift: u32,
}

const TURNS: usize = 2;

impl<M: Measure> Column<M> {
    fn of(measure: M, records: usize) -> Column<M> {
        Column {
            measure,
            keys: 0,
            counts: Vec::new(),
            values: Vec::new(),
            codes: Codes { narrow: Vec::with_capacity(records), wide: Vec::new() },
            slots: vec![Default::default(); 64],
            shift: 58,
        }
    }

    /// No records yet, with room for so many, which have keys.
    pub(crate) fn with_keys(measure: M, records: usize) -> Column<M> {
        let (keys, counts) = (M::KEYS as u32, vec![[0; TURNS]; M::KEYS]);
        Column { keys, counts, ..Column::of(measure, records) }
    }

    /// Adds the record with this text.
    pub fn push(&mut self, text: &str) {
        let text = text.trim();
        self.push_traits(self.measure.measure(text, Span::new(0, text.len())));
    }

    /// Adds the records of one part.
    pub fn extend(&mut self, part: &Records) {
        let (arena, texts) = part.spans();
        for span in texts {
            self.take(arena, span);
        }
    }

    /// Adds a record that was measured elsewhere.
    #[inline]
    pub fn push_traits(&mut self, traits: M::Traits) {
        let mut at = (M::hash(traits) >> self.shift) as usize;
        let place = loop {
            match self.slots[at] {
                (_, 0) => break self.add(traits, at),
                (taken, number) if taken == traits => break number - 1,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        };
        let code = self.keys + place;
        self.counts[code as usize][0] += 1;
        self.codes.push(code);
    }

    #[cold]
    fn add(&mut self, traits: M::Traits, free: usize) -> u32 {
        self.values.push(traits);
        self.counts.push([0; TURNS]);
        self.slots[free] = (traits, self.values.len() as u32);
        if self.values.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.values.len() as u32 - 1
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots = vec![Default::default(); size];
        self.shift -= 1;
        for (&traits, number) in self.values.iter().zip(1..) {
            let mut at = (M::hash(traits) >> self.shift) as usize;
            while self.slots[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = (traits, number);
        }
    }

    /// How many records came so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether none came so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.len() == 0
    }

    fn rank(self) -> Ranked<M::Traits> {
        let count = |code: u32| -> u64 {
            self.counts[code as usize].iter().map(|&count| u64::from(count)).sum()
        };
        let keys = (0..self.keys).filter(|&key| count(key) > 0);
        let mut order: Vec<(M::Traits, u32)> =
            keys.map(|key| (M::of_key(key as u16), key)).collect();
        order.extend(self.values.iter().copied().zip(self.keys..));
        order.sort_unstable();
        let mut of_code = vec![0; self.counts.len()];
        let (mut values, mut counts) = (Vec::new(), Vec::new());
        // The same traits may have come with their key and without.
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            for &(_, code) in same {
                of_code[code as usize] = values.len() as u32;
            }
            counts.push(same.iter().map(|&(_, code)| count(code)).sum());
            values.push(same[0].0);
        }
        Ranked { values, counts, class: Members { codes: self.codes, of_code } }
    }
}

/// The distinct traits ascending, how many records have each, and each record's place among them.
struct Ranked<T> {
    values: Vec<T>,
    counts: Vec<u64>,
    class: Members,
}

/// The class of each record. A record takes two bytes, unless there are more than 65,536 different codes.
#[derive(Clone, Default)]
pub struct Members {
    codes: Codes,
    /// The class of each code.
    of_code: Vec<u32>,
}

/// The code of each record: all of them narrow, or all wide.
#[derive(Clone, Debug, Default)]
struct Codes {
    narrow: Vec<u16>,
    wide: Vec<u32>,
}

impl Codes {
    #[inline]
    fn push(&mut self, code: u32) {
        match u16::try_from(code) {
            Ok(code) if self.wide.is_empty() => self.narrow.push(code),
            _ => self.push_wide(code),
        }
    }

    #[cold]
    fn push_wide(&mut self, code: u32) {
        self.wide.extend(std::mem::take(&mut self.narrow).into_iter().map(u32::from));
        self.wide.push(code);
    }

    #[inline]
    fn extend(&mut self, codes: &[u16]) {
        if self.wide.is_empty() {
            self.narrow.extend_from_slice(codes);
        } else {
            self.wide.extend(codes.iter().map(|&code| u32::from(code)));
        }
    }

    fn len(&self) -> usize {
        self.narrow.len() + self.wide.len()
    }
}

impl Members {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The class of each record in order.
    #[must_use]
    pub fn iter(&self) -> MembersIter<'_> {
        self.range(0..self.len())
    }

    /// The class of each record in a part of them. Panics when the range is not within.
    #[must_use]
    pub fn range(&self, records: Range<usize>) -> MembersIter<'_> {
        let Codes { narrow, wide } = &self.codes;
        let narrow = narrow.get(records.clone()).unwrap_or_default();
        let wide = if narrow.is_empty() { &wide[records] } else { &[] };
        MembersIter { narrow: narrow.iter(), wide: wide.iter(), of_code: &self.of_code }
    }
}

impl<'a> IntoIterator for &'a Members {
    type Item = u32;
    type IntoIter = MembersIter<'a>;
    fn into_iter(self) -> MembersIter<'a> {
        self.iter()
    }
}

/// The classes of records in order.
#[derive(Clone, Debug)]
pub struct MembersIter<'a> {
    /// One of the two is all there is.
    narrow: slice::Iter<'a, u16>,
    wide: slice::Iter<'a, u32>,
    of_code: &'a [u32],
}

impl Iterator for MembersIter<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let code = match self.narrow.next() {
            Some(&code) => code.into(),
            None => *self.wide.next()? as usize,
        };
        Some(self.of_code[code])
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.narrow.len() + self.wide.len();
        (left, Some(left))
    }

    /// One loop over the narrow codes and one over the wide, instead of a question at each.
    #[inline]
    fn fold<B, F: FnMut(B, u32) -> B>(self, init: B, mut each: F) -> B {
        let of_code = self.of_code;
        let folded =
            self.narrow.fold(init, |so_far, &code| each(so_far, of_code[usize::from(code)]));
        self.wide.fold(folded, |so_far, &code| each(so_far, of_code[code as usize]))
    }
}

impl ExactSizeIterator for MembersIter<'_> {}

/// The class of one record. Panics if there is no such record.
impl Index<usize> for Members {
    type Output = u32;

    #[inline]
    fn index(&self, record: usize) -> &u32 {
        let Codes { narrow, wide } = &self.codes;
        let code = narrow.get(record).map_or_else(|| wide[record] as usize, |&code| code.into());
        &self.of_code[code]
    }
}

/// Equal classes in the same order, however they came to be.
impl PartialEq for Members {
    fn eq(&self, other: &Members) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Members {}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<M: Measure> Measured for Column<M> {
    fn take_keys(&mut self, keys: &[u16]) {
        // Of a known size, a power of two, so that no key needs to be checked.
        let counts = &mut self.counts[..M::KEYS];
        let (rounds, rest) = keys.as_chunks::<TURNS>();
        for round in rounds {
            for (turn, &key) in round.iter().enumerate() {
                counts[usize::from(key) & (M::KEYS - 1)][turn] += 1;
            }
        }
        for &key in rest {
            counts[usize::from(key) & (M::KEYS - 1)][0] += 1;
        }
        self.codes.extend(keys);
    }

    fn take(&mut self, text: &str, span: Span) {
        self.push_traits(self.measure.measure(text, span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn classes_ascend_whatever_the_order_of_records() {
        let lengths = [9, 4, 9, 0, u32::MAX, 4].map(StreetLength);
        let classes = StreetClasses::from_lengths(lengths.to_vec());
        assert_eq!(classes.lengths, [0, 4, 9, u32::MAX].map(StreetLength));
        assert_eq!(classes.class.iter().collect::<Vec<_>>(), [2, 1, 2, 0, 3, 1]);
        assert_eq!(classes.counts, [1, 2, 2, 1]);
        assert_eq!(StreetClasses::from_lengths(vec![]), StreetClasses::default());
    }

    #[test]
    fn more_classes_than_a_narrow_code_tells_are_all_different() {
        let lengths: Vec<StreetLength> =
            (0..200_000).map(|i| StreetLength(i * 7 % 100_000)).collect();
        let classes = StreetClasses::from_lengths(lengths.clone());
        assert_eq!((classes.lengths.len(), classes.class.len()), (100_000, 200_000));
        assert!(classes.counts.iter().all(|&count| count == 2));
        for (i, &length) in lengths.iter().enumerate() {
            assert_eq!(classes.lengths[classes.class[i] as usize], length);
        }
        let part: Vec<u32> = classes.class.range(70_000..70_003).collect();
        assert_eq!(part, [classes.class[70_000], classes.class[70_001], classes.class[70_002]]);
    }

    proptest! {
        #[test]
        fn every_record_finds_its_own_traits(
            traits in prop::collection::vec((0..9u32, 0..9u32, any::<u32>().prop_map(|c| c % 9 * 0x1fff_ffff)), 0..600),
        ) {
            let traits: Vec<DriverTraits> = traits.into_iter()
                .map(|(length, vowels, consonants)| DriverTraits { length, vowels, consonants })
                .collect();
            let classes = DriverClasses::from_traits(traits.clone());
            prop_assert!(classes.traits.is_sorted_by(|a, b| a < b));
            let found: Vec<DriverTraits> =
                classes.class.iter().map(|class| classes.traits[class as usize]).collect();
            prop_assert_eq!(found, traits);
        }
    }
}
