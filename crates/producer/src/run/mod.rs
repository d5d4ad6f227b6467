//! One trigger of the producer: its schedule, its progress, its course, and the two tasks that carry
//! it.

pub mod drive;
pub mod keep;
pub mod live;
pub mod machine;
pub mod progress;
pub mod schedule;
