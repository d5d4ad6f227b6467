//! R7: the score, in quarter points.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use crate::{DriverTraits, StreetLength};

/// A score or a sum of scores, in quarter points: 12.5 points are 50 quarters.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(i64);

impl Score {
    /// No points.
    pub const ZERO: Score = Score(0);

    /// The score of this many quarter points.
    #[must_use]
    pub const fn from_quarters(quarters: i64) -> Score {
        Score(quarters)
    }

    /// Quarter points.
    #[must_use]
    pub const fn quarters(self) -> i64 {
        self.0
    }

    /// Points, for the edge where a double is asked for. Exact up to 2^51 points.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 4.0
    }
}

/// Points as the shortest decimal: `12`, `12.5`, `98.75`.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let fraction = ["", ".25", ".5", ".75"][(size % 4) as usize];
        f.pad_integral(self.0 >= 0, "", &format!("{}{fraction}", size / 4))
    }
}

impl Add for Score {
    type Output = Score;
    fn add(self, other: Score) -> Score {
        Score(self.0 + other.0)
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Score) {
        self.0 += other.0;
    }
}

impl Sub for Score {
    type Output = Score;
    fn sub(self, other: Score) -> Score {
        Score(self.0 - other.0)
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::ZERO, Add::add)
    }
}

/// R7: 1.5 a vowel where the street name's length is even, 1 a consonant where it is odd; half as
/// much again where that length and the name's have a common divisor above 1.
#[must_use]
pub fn score(street: StreetLength, driver: DriverTraits) -> Score {
    let base = if street.0.is_multiple_of(2) {
        6 * i64::from(driver.vowels)
    } else {
        4 * i64::from(driver.consonants)
    };
    // 6 and 4 are even, so the half is whole.
    Score(if share_a_divisor(street.0, driver.length) { base / 2 * 3 } else { base })
}

/// Whether two lengths have a common divisor above 1. Mostly both are small: every pair of classes of
/// every batch is asked about, so it is a look at their prime factors and no division.
fn share_a_divisor(a: u32, b: u32) -> bool {
    match (PRIME_FACTORS.get(a as usize), PRIME_FACTORS.get(b as usize)) {
        (Some(of_a), Some(of_b)) => of_a & of_b != 0 && a | b != 0,
        _ => gcd(a, b) > 1,
    }
}

/// For each length up to 255 its prime factors, a bit each: there are 54 primes below 256. 0 shares every
/// factor, as any number divides it.
static PRIME_FACTORS: [u64; 256] = {
    let mut factors = [0; 256];
    factors[0] = u64::MAX;
    let (mut prime, mut bit) = (2, 1);
    while prime < factors.len() {
        if factors[prime] == 0 {
            let mut multiple = prime;
            while multiple < factors.len() {
                factors[multiple] |= bit;
                multiple += prime;
            }
            bit <<= 1;
        }
        prime += 1;
    }
    factors
};

fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(length: u32, vowels: u32, consonants: u32) -> DriverTraits {
        DriverTraits { length, vowels, consonants }
    }

    #[test]
    fn even_counts_vowels_odd_counts_consonants_and_a_common_divisor_pays_half_more() {
        assert_eq!(score(StreetLength(14), driver(11, 5, 5)).to_string(), "7.5");
        assert_eq!(score(StreetLength(14), driver(14, 5, 8)).to_string(), "11.25");
        assert_eq!(score(StreetLength(11), driver(9, 0, 8)).to_string(), "8");
        assert_eq!(score(StreetLength(15), driver(12, 4, 7)).to_string(), "10.5");
    }

    #[test]
    fn a_length_of_nothing_or_of_all_a_u32_holds_is_still_exact() {
        assert_eq!(score(StreetLength(0), driver(0, 1, 0)).quarters(), 6);
        assert_eq!(score(StreetLength(0), driver(7, 1, 0)).quarters(), 9);
        assert_eq!(score(StreetLength(3), driver(0, 0, 1)).quarters(), 6);
        let most = score(StreetLength(u32::MAX - 1), driver(u32::MAX - 1, u32::MAX, 0));
        assert_eq!(most.quarters(), 9 * i64::from(u32::MAX));
    }

    #[test]
    fn prime_factors_tell_what_the_greatest_common_divisor_does() {
        let edges = [u32::MAX, u32::MAX - 1, 2 * 251, 257 * 257];
        for a in (0..600).chain(edges) {
            for b in (0..600).chain(edges) {
                assert_eq!(share_a_divisor(a, b), gcd(a, b) > 1, "{a} {b}");
            }
        }
    }

    #[test]
    fn prints_quarters_as_points() {
        let printed = |quarters| Score::from_quarters(quarters).to_string();
        assert_eq!(printed(395), "98.75");
        assert_eq!(printed(388), "97");
        assert_eq!(printed(50), "12.5");
        assert_eq!(printed(1), "0.25");
        assert_eq!(printed(-7), "-1.75");
        assert_eq!(format!("{:>7}", Score::from_quarters(50)), "   12.5");
        assert_eq!(Score::from_quarters(395).as_f64(), 98.75);
        let total: Score = [1, 2, 3].map(Score::from_quarters).into_iter().sum();
        assert_eq!(total - Score::from_quarters(2), Score::from_quarters(4));
    }
}
