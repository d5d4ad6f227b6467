use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::number::Number;

/// What is reached, nearest first. What is as near as the last that was taken waits in a stack of
/// its own: tight edges are many, and need no heap.
#[derive(Debug, Clone)]
pub(crate) struct Frontier<T> {
    heap: BinaryHeap<Near<T>>,
    level: Vec<u32>,
    distance: T,
}

impl<T: Number> Frontier<T> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), level: Vec::new(), distance: T::FAR }
    }

    pub(crate) fn clear(&mut self) {
        self.heap.clear();
        self.level.clear();
        self.distance = T::FAR;
    }

    pub(crate) fn push(&mut self, distance: T, number: u32) {
        if distance == self.distance {
            self.level.push(number);
        } else {
            self.heap.push(Near { distance, number });
        }
    }

    /// The nearest: of equals the last that was reached from one of them, then the least number.
    pub(crate) fn pop(&mut self) -> Option<(T, u32)> {
        if let Some(number) = self.level.pop() {
            return Some((self.distance, number));
        }
        let Near { distance, number } = self.heap.pop()?;
        self.distance = distance;
        Some((distance, number))
    }
}

#[derive(Debug, Clone, Copy)]
struct Near<T> {
    distance: T,
    number: u32,
}

/// The greatest is the nearest: the heap gives the greatest first. Distances are never NaN.
impl<T: Number> Ord for Near<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_distance = other.distance.partial_cmp(&self.distance).unwrap_or(Ordering::Equal);
        by_distance.then(other.number.cmp(&self.number))
    }
}

impl<T: Number> PartialOrd for Near<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Number> PartialEq for Near<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Number> Eq for Near<T> {}
