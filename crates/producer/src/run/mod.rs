//! One trigger of the producer: its schedule, its progress, its course, and the two tasks that carry
//! it.

pub(crate) mod drive;
pub(crate) mod keep;
pub(crate) mod live;
pub(crate) mod machine;
pub(crate) mod progress;
pub(crate) mod schedule;
