//! Which batches are answered, each counted exactly once. Pure.

use std::collections::BTreeMap;

/// A set of numbers, as ranges that do not touch: `first → behind the last`.
///
/// Answers come nearly in order, so a run of any length is a few ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    ranges: BTreeMap<u64, u64>,
}

impl Answered {
    /// Adds a number. False: it was there.
    pub fn insert(&mut self, number: u64) -> bool {
        let before = self.ranges.range(..=number).next_back().map(|(&first, &end)| (first, end));
        if before.is_some_and(|(_, end)| number < end) {
            return false;
        }
        let first = match before {
            Some((first, end)) if end == number => first,
            _ => number,
        };
        let end = self.ranges.remove(&(number + 1)).unwrap_or(number + 1);
        self.ranges.insert(first, end);
        true
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: u64) -> bool {
        self.next_missing(number) != number
    }

    /// The lowest number from `from` on that is not in it.
    pub fn next_missing(&self, from: u64) -> u64 {
        match self.ranges.range(..=from).next_back() {
            Some((_, &end)) if from < end => end,
            _ => from,
        }
    }

    /// All numbers below are in it.
    pub fn watermark(&self) -> u64 {
        self.next_missing(0)
    }

    /// How many numbers are in it.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|(first, end)| end - first).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// As stored: pairs of little-endian numbers, the first and the one behind the last.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.ranges
            .iter()
            .flat_map(|(first, end)| [*first, *end])
            .flat_map(u64::to_le_bytes)
            .collect()
    }

    /// What [`Self::to_bytes`] wrote, or nothing if it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let numbers: Vec<u64> = numbers.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (pairs, odd) = numbers.as_chunks::<2>();
        let sound = pairs.iter().all(|[first, end]| first < end)
            && pairs.windows(2).all(|two| two[0][1] < two[1][0]);
        (rest.is_empty() && odd.is_empty() && sound)
            .then(|| Self { ranges: pairs.iter().map(|[first, end]| (*first, *end)).collect() })
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its plan is durable.
    Settled(Totals),
    /// It was refused for good; the encoded `google.rpc.Status`.
    Rejected(Vec<u8>),
}

/// What a plan comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Shipments in the batch.
    pub shipments: u64,
    /// Pairs in the plan.
    pub assigned: u64,
    /// Total suitability, in quarter points.
    pub quarters: u64,
    /// What first come, first served reaches, in quarter points.
    pub greedy_quarters: u64,
}

/// How far the answers of a run got.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Batches that are answered.
    pub answered: Answered,
    /// Of these, the settled ones.
    pub settled: u64,
    /// And the refused ones.
    pub rejected: u64,
    /// Sums over the settled ones.
    pub totals: Totals,
    /// The last refusal, an encoded `google.rpc.Status`.
    pub last_error: Option<Vec<u8>>,
}

impl Progress {
    /// Counts an answer. False: that batch was counted before, and nothing changes.
    pub fn answer(&mut self, number: u64, outcome: &Outcome) -> bool {
        if !self.answered.insert(number) {
            return false;
        }
        match outcome {
            Outcome::Settled(totals) => {
                self.settled += 1;
                self.totals.shipments += totals.shipments;
                self.totals.assigned += totals.assigned;
                self.totals.quarters += totals.quarters;
                self.totals.greedy_quarters += totals.greedy_quarters;
            }
            Outcome::Rejected(status) => {
                self.rejected += 1;
                self.last_error = Some(status.clone());
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_are_a_set(numbers in prop::collection::vec(0_u64..60, 0..120)) {
            let (mut ranges, mut model) = (Answered::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(ranges.insert(number), model.insert(number));
                prop_assert_eq!(ranges.len(), model.len() as u64);
                for probe in 0..62 {
                    prop_assert_eq!(ranges.contains(probe), model.contains(&probe));
                    let missing = (probe..).find(|n| !model.contains(n)).expect("a set has an end");
                    prop_assert_eq!(ranges.next_missing(probe), missing);
                }
                prop_assert_eq!(Answered::from_bytes(&ranges.to_bytes()), Some(ranges.clone()));
            }
        }

        #[test]
        fn bytes_that_are_no_set_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(answered) = Answered::from_bytes(&bytes) {
                prop_assert_eq!(answered.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_batch_counts_once_whatever_it_is_told_again() {
        let totals = Totals { shipments: 10, assigned: 8, quarters: 395, greedy_quarters: 388 };
        let mut progress = Progress::default();
        assert!(progress.answer(3, &Outcome::Settled(totals)));
        assert!(!progress.answer(3, &Outcome::Settled(totals)));
        assert!(!progress.answer(3, &Outcome::Rejected(vec![1])));
        assert!(progress.answer(4, &Outcome::Rejected(vec![2])));
        assert_eq!((progress.settled, progress.rejected, progress.totals), (1, 1, totals));
        assert_eq!(progress.last_error, Some(vec![2]));
    }
}
