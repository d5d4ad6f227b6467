//! The members of one side: numbered places that are given out, taken back and given out again, and lists
//! of members that are kept in the places themselves. Nothing here takes longer with more members.

use alloc::vec;
use alloc::vec::Vec;

use crate::UNASSIGNED;

/// No member, and the end of a list.
pub(super) const NONE: u32 = UNASSIGNED;

#[derive(Debug, Clone, Copy)]
struct Place {
    /// The class of the member; [`NONE`] when the place is vacant.
    class: u32,
    /// Whom it is paired with, or [`NONE`].
    partner: u32,
    /// The members before and after it in the list that it is in.
    previous: u32,
    next: u32,
}

/// One side's members. Each is in at most one list.
#[derive(Debug, Clone)]
pub(super) struct Members {
    places: Vec<Place>,
    /// The vacant places, as a list.
    vacant: u32,
    /// Members of each class.
    counts: Vec<u64>,
    count: usize,
}

impl Members {
    /// Member `i` is of class `class[i]`, one of so many, and paired with `partner[i]`.
    pub(super) fn new(class: &[u32], partner: &[u32], classes: usize) -> Self {
        let mut counts = vec![0; classes];
        for &class in class {
            counts[class as usize] += 1;
        }
        let place = |(&class, &partner)| Place { class, partner, previous: NONE, next: NONE };
        let places = class.iter().zip(partner).map(place).collect();
        Self { places, vacant: NONE, counts, count: class.len() }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    pub(super) fn add_class(&mut self) {
        self.counts.push(0);
    }

    /// One more than the highest number that was ever given out.
    pub(super) fn numbers(&self) -> u32 {
        self.places.len() as u32
    }

    /// Whether another member could be numbered.
    pub(super) fn has_room(&self) -> bool {
        self.vacant != NONE || self.places.len() < NONE as usize
    }

    pub(super) fn contains(&self, member: u32) -> bool {
        self.places.get(member as usize).is_some_and(|place| place.class != NONE)
    }

    /// A member without a partner, in no list.
    pub(super) fn add(&mut self, class: u32) -> u32 {
        self.counts[class as usize] += 1;
        self.count += 1;
        let place = Place { class, partner: NONE, previous: NONE, next: NONE };
        if self.vacant == NONE {
            self.places.push(place);
            return self.numbers() - 1;
        }
        let member = self.vacant;
        self.vacant = core::mem::replace(self.at_mut(member), place).next;
        member
    }

    /// Takes back a member that has no partner and is in no list.
    pub(super) fn remove(&mut self, member: u32) {
        let class = self.class(member);
        self.counts[class] -= 1;
        self.count -= 1;
        let next = core::mem::replace(&mut self.vacant, member);
        *self.at_mut(member) = Place { class: NONE, partner: NONE, previous: NONE, next };
    }

    /// The members, ascending.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.numbers()).filter(|&member| self.contains(member))
    }

    pub(super) fn class(&self, member: u32) -> usize {
        self.places[member as usize].class as usize
    }

    pub(super) fn partner(&self, member: u32) -> u32 {
        self.places[member as usize].partner
    }

    pub(super) fn pair(&mut self, member: u32, partner: u32) {
        self.at_mut(member).partner = partner;
    }

    /// Puts a member first in a list.
    pub(super) fn push(&mut self, list: &mut u32, member: u32) {
        let next = core::mem::replace(list, member);
        let place = self.at_mut(member);
        (place.previous, place.next) = (NONE, next);
        if next != NONE {
            self.at_mut(next).previous = member;
        }
    }

    /// Takes a member out of the list that it is in.
    pub(super) fn unlink(&mut self, list: &mut u32, member: u32) {
        let Place { previous, next, .. } = self.places[member as usize];
        match previous {
            NONE => *list = next,
            _ => self.at_mut(previous).next = next,
        }
        if next != NONE {
            self.at_mut(next).previous = previous;
        }
    }

    fn at_mut(&mut self, member: u32) -> &mut Place {
        &mut self.places[member as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_out_again_when_its_member_is_gone() {
        let mut members = Members::new(&[0, 1], &[NONE, NONE], 2);
        assert_eq!(members.add(1), 2);
        members.remove(0);
        members.remove(2);
        assert_eq!((members.count(), members.counts()), (1, [0, 1].as_slice()));
        assert_eq!(members.all().collect::<Vec<_>>(), [1]);
        assert_eq!([members.add(0), members.add(0), members.add(0)], [2, 0, 3]);
    }

    #[test]
    fn a_member_leaves_a_list_from_any_place_in_it() {
        for gone in 0..3 {
            let mut members = Members::new(&[0; 3], &[NONE; 3], 1);
            let mut list = NONE;
            (0..3).for_each(|member| members.push(&mut list, member));
            members.unlink(&mut list, gone);
            let mut left = Vec::new();
            while list != NONE {
                let first = list;
                left.push(first);
                members.unlink(&mut list, first);
            }
            let others: Vec<u32> = (0..3).rev().filter(|&member| member != gone).collect();
            assert_eq!(left, others);
        }
    }
}
