//! Records with the same traits collapsed into one class.
//!
//! The score of a pair depends on the traits alone, so a million records are a few hundred classes.
//! Classes are numbered by ascending value: which parts the records came in makes no difference.

use crate::letters::{self, Names};
use crate::lines::Measured;
use crate::records::Span;
use crate::street::{self, Streets};
use crate::sweep::Kind;
use crate::{DriverTraits, Records, StreetLength, StreetName};

/// Shipments by the length of their street name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetClasses {
    /// The length of each class: distinct, ascending.
    pub lengths: Vec<StreetLength>,
    /// The class of each record, in the records' order.
    pub class: Vec<u32>,
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
        let (lengths, class) = Column::from_iter(lengths).finish();
        StreetClasses { lengths, class }
    }

    /// How many records each class has.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        counts(&self.class, self.lengths.len())
    }
}

/// Drivers by the traits of their name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverClasses {
    /// The traits of each class: distinct, ascending.
    pub traits: Vec<DriverTraits>,
    /// The class of each record, in the records' order.
    pub class: Vec<u32>,
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
        let (traits, class) = Column::from_iter(traits).finish();
        DriverClasses { traits, class }
    }

    /// How many records each class has.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        counts(&self.class, self.traits.len())
    }
}

fn counts(class: &[u32], classes: usize) -> Vec<u32> {
    let mut counts = vec![0; classes];
    for &class in class {
        counts[class as usize] += 1;
    }
    counts
}

/// Shipments that are measured as they arrive, in parts of any size.
#[derive(Clone, Debug)]
pub struct StreetColumn {
    rule: StreetName,
    column: Column<StreetLength>,
}

impl StreetColumn {
    /// No shipments yet.
    #[must_use]
    pub fn new(rule: StreetName) -> StreetColumn {
        StreetColumn::with_capacity(rule, 0)
    }

    /// No shipments yet, with room for so many.
    #[must_use]
    pub fn with_capacity(rule: StreetName, records: usize) -> StreetColumn {
        StreetColumn { rule, column: Column::with_capacity(records) }
    }

    /// Adds the shipment with this address.
    pub fn push(&mut self, address: &str) {
        self.push_length(street::street_length(address, self.rule));
    }

    /// Adds a shipment that was measured elsewhere.
    #[inline]
    pub fn push_length(&mut self, length: StreetLength) {
        self.column.push(length);
    }

    /// Adds the shipments of one part.
    pub fn extend(&mut self, part: &Records) {
        let (arena, texts) = part.spans();
        for span in texts {
            self.push_length(street::length_at(arena, span, self.rule));
        }
    }

    /// How many shipments came so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.column.class.len()
    }

    /// Whether none came so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.column.class.is_empty()
    }

    /// The classes of all that came.
    #[must_use]
    pub fn finish(self) -> StreetClasses {
        let (lengths, class) = self.column.finish();
        StreetClasses { lengths, class }
    }
}

impl StreetColumn {
    /// No shipments yet, with room for so many, which have keys.
    pub(crate) fn with_keys(rule: StreetName, records: usize) -> StreetColumn {
        StreetColumn { rule, column: Column::with_keys(records) }
    }
}

impl Measured for StreetColumn {
    fn take_keys(&mut self, keys: &[u32]) {
        self.column.extend_keys(keys);
    }

    fn take(&mut self, text: &str, span: Span) {
        self.push_length(street::length_at(text, span, self.rule));
    }
}

/// Drivers that are measured as they arrive, in parts of any size.
#[derive(Clone, Debug, Default)]
pub struct DriverColumn {
    column: Column<DriverTraits>,
}

impl DriverColumn {
    /// No drivers yet.
    #[must_use]
    pub fn new() -> DriverColumn {
        DriverColumn::default()
    }

    /// No drivers yet, with room for so many.
    #[must_use]
    pub fn with_capacity(records: usize) -> DriverColumn {
        DriverColumn { column: Column::with_capacity(records) }
    }

    /// Adds the driver with this name.
    pub fn push(&mut self, name: &str) {
        self.push_traits(letters::driver_traits(name));
    }

    /// Adds a driver that was measured elsewhere.
    #[inline]
    pub fn push_traits(&mut self, traits: DriverTraits) {
        self.column.push(traits);
    }

    /// Adds the drivers of one part.
    pub fn extend(&mut self, part: &Records) {
        let (arena, texts) = part.spans();
        for span in texts {
            self.push_traits(letters::traits_at(arena, span));
        }
    }

    /// How many drivers came so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.column.class.len()
    }

    /// Whether none came so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.column.class.is_empty()
    }

    /// The classes of all that came.
    #[must_use]
    pub fn finish(self) -> DriverClasses {
        let (traits, class) = self.column.finish();
        DriverClasses { traits, class }
    }
}

impl DriverColumn {
    /// No drivers yet, with room for so many, which have keys.
    pub(crate) fn with_keys(records: usize) -> DriverColumn {
        DriverColumn { column: Column::with_keys(records) }
    }
}

impl Measured for DriverColumn {
    fn take_keys(&mut self, keys: &[u32]) {
        self.column.extend_keys(keys);
    }

    fn take(&mut self, text: &str, span: Span) {
        self.push_traits(letters::traits_at(text, span));
    }
}

/// What a class is made of.
trait Value: Copy + Ord + Default {
    /// Keys of the sweep are below this.
    const KEYS: usize;

    /// The value with this key.
    fn of_key(key: u32) -> Self;

    /// Well mixed in the highest bits.
    fn hash(self) -> u64;
}

/// An odd number with no pattern to its bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Value for StreetLength {
    const KEYS: usize = Streets::KEYS;

    fn of_key(key: u32) -> StreetLength {
        StreetLength(key)
    }

    #[inline]
    fn hash(self) -> u64 {
        u64::from(self.0).wrapping_mul(MIX)
    }
}

impl Value for DriverTraits {
    const KEYS: usize = Names::KEYS;

    fn of_key(key: u32) -> DriverTraits {
        DriverTraits::of_key(key)
    }

    #[inline]
    fn hash(self) -> u64 {
        let word = u64::from(self.length) ^ u64::from(self.vowels) << 40;
        (word ^ u64::from(self.consonants) << 20).wrapping_mul(MIX)
    }
}

/// The distinct values so far, and each record's.
#[derive(Clone, Debug)]
struct Column<T> {
    /// Which keys there are; empty when the records have none.
    keys: Vec<bool>,
    /// The values of records that came without a key, in the order they were first seen.
    values: Vec<T>,
    /// Of each record its key, or the place of its value behind all keys.
    class: Vec<u32>,
    /// A hash table with linear probing, at most half full: a value and its place in `values`, plus
    /// one; 0 is free.
    slots: Vec<(T, u32)>,
    /// 64 less the binary logarithm of the table's size.
    shift: u32,
}

impl<T: Value> Default for Column<T> {
    fn default() -> Column<T> {
        Column::with_capacity(0)
    }
}

impl<T: Value> Column<T> {
    fn with_capacity(records: usize) -> Column<T> {
        Column {
            keys: Vec::new(),
            values: Vec::new(),
            class: Vec::with_capacity(records),
            slots: vec![Default::default(); 64],
            shift: 58,
        }
    }
}

impl<T: Value> Column<T> {
    fn with_keys(records: usize) -> Column<T> {
        Column { keys: vec![false; T::KEYS], ..Column::with_capacity(records) }
    }

    fn extend_keys(&mut self, keys: &[u32]) {
        for &key in keys {
            self.keys[key as usize] = true;
        }
        self.class.extend_from_slice(keys);
    }

    fn from_iter(values: Vec<T>) -> Column<T> {
        let mut column = Column::with_capacity(values.len());
        values.into_iter().for_each(|value| column.push(value));
        column
    }

    #[inline]
    fn push(&mut self, value: T) {
        let mut at = (value.hash() >> self.shift) as usize;
        let class = loop {
            match self.slots[at] {
                (_, 0) => break self.add(value, at),
                (taken, number) if taken == value => break number - 1,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        };
        self.class.push(self.keys.len() as u32 + class);
    }

    #[cold]
    fn add(&mut self, value: T, free: usize) -> u32 {
        self.values.push(value);
        self.slots[free] = (value, self.values.len() as u32);
        if self.values.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.values.len() as u32 - 1
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots = vec![Default::default(); size];
        self.shift -= 1;
        for (&value, number) in self.values.iter().zip(1..) {
            let mut at = (value.hash() >> self.shift) as usize;
            while self.slots[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = (value, number);
        }
    }

    /// The distinct values ascending, and each record's place among them.
    fn finish(mut self) -> (Vec<T>, Vec<u32>) {
        let keys = self.keys.len() as u32;
        let keyed = (0..).zip(&self.keys).filter(|&(_, &is_there)| is_there);
        let mut order: Vec<(T, u32)> = keyed.map(|(key, _)| (T::of_key(key), key)).collect();
        order.extend(self.values.iter().copied().zip(keys..));
        order.sort_unstable();
        let mut rank = vec![0; self.keys.len() + self.values.len()];
        // A value may have come with its key and without.
        for (place, same) in (0..).zip(order.chunk_by(|a, b| a.0 == b.0)) {
            same.iter().for_each(|&(_, class)| rank[class as usize] = place);
        }
        order.dedup_by_key(|&mut (value, _)| value);
        for class in &mut self.class {
            *class = rank[*class as usize];
        }
        (order.into_iter().map(|(value, _)| value).collect(), self.class)
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
        assert_eq!(classes.class, [2, 1, 2, 0, 3, 1]);
        assert_eq!(classes.counts(), [1, 2, 2, 1]);
        assert_eq!(StreetClasses::from_lengths(vec![]), StreetClasses::default());
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
                classes.class.iter().map(|&class| classes.traits[class as usize]).collect();
            prop_assert_eq!(found, traits);
        }
    }
}
