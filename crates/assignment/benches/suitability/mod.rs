//! Shipments and drivers as the suitability rule sees them, drawn at random.

/// Numbers that look random (splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn length(shipment: usize) -> u64 {
    let a = mix(shipment as u64 ^ 0x5eed);
    6 + a % 9 + a / 9 % 9 + a / 81 % 9
}

pub(crate) fn driver(number: usize) -> (u64, u64, u64) {
    let a = mix(number as u64 ^ 0xd1e5);
    let (vowels, consonants) = (2 + a % 4 + a / 4 % 4, 5 + a / 16 % 5 + a / 80 % 5);
    (vowels + consonants + 1 + a / 400 % 2, vowels, consonants)
}

pub(crate) fn suitable(length: u64, (name, vowels, consonants): (u64, u64, u64)) -> u64 {
    let base = if length.is_multiple_of(2) { 6 * vowels } else { 4 * consonants };
    let common = (2..=length).any(|k| length.is_multiple_of(k) && name.is_multiple_of(k));
    if common { base * 3 / 2 } else { base }
}

/// The different values ascending, and the place of each member's.
pub(crate) fn classes<T: Ord + Copy>(
    members: impl Iterator<Item = T> + Clone,
) -> (Vec<T>, Vec<u32>) {
    let mut values: Vec<T> = members.clone().collect();
    values.sort_unstable();
    values.dedup();
    let place = |member| values.partition_point(|value| *value < member) as u32;
    let class = members.map(place).collect();
    (values, class)
}
