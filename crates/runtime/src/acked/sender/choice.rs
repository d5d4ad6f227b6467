//! Which waiting item goes next, and to which peer.

use std::collections::VecDeque;

use rand::{RngExt, rngs::StdRng};

use super::{Waiting, link::Link};

/// The place in the queue of the next item, and the link that takes it. None: nothing can go now.
///
/// An item goes to the less loaded of two links that admit it, taken at random: nearly as even as the
/// least loaded of all, and many clients do not all run to the same peer (Mitzenmacher, "The Power of
/// Two Choices in Randomized Load Balancing", 2001).
///
/// The first in the queue goes first. One that no link admits reserves the least loaded link for itself:
/// nothing overtakes it there, so the link empties until the item fits, and those behind it use the
/// other links. With one link nothing overtakes anything.
pub(super) fn choose<I>(
    waiting: &VecDeque<Waiting<I>>,
    links: &mut [Link<I>],
    random: &mut StdRng,
) -> Option<(usize, usize)> {
    if waiting.is_empty() {
        return None;
    }
    for link in links.iter_mut() {
        link.reserved = false;
    }
    for (place, item) in waiting.iter().enumerate() {
        // Nothing fits anywhere, however small: the usual end, and the reason not to look further.
        if !links.iter().any(|link| !link.reserved && link.has_room()) {
            return None;
        }
        if let Some(index) = less_loaded_of_two(links, item.bytes, random) {
            return Some((place, index));
        }
        let open = links.iter_mut().filter(|link| !link.reserved && link.is_open());
        open.min_by_key(|link| link.load())?.reserved = true;
    }
    None
}

fn less_loaded_of_two<I>(links: &[Link<I>], bytes: u64, random: &mut StdRng) -> Option<usize> {
    let admits = |&index: &usize| !links[index].reserved && links[index].admits(bytes);
    let mut admitting = (0..links.len()).filter(admits);
    let (first, second, more) = (admitting.next()?, admitting.next(), admitting.count());
    let Some(second) = second else { return Some(first) };
    let (first, second) = match more {
        0 => (first, second),
        more => {
            let count = more + 2;
            let one = random.random_range(0..count);
            // Another one: any of the rest, shifted past the first.
            let other = (one + random.random_range(1..count)) % count;
            let nth = |n| (0..links.len()).filter(admits).nth(n);
            (nth(one)?, nth(other)?)
        }
    };
    [first, second].into_iter().min_by_key(|&index| (links[index].load(), links[index].served))
}
