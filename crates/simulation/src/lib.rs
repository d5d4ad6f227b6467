//! All three services in a simulated network, for tests: partitions, crashes and bounces at random
//! times, every one of them repeatable by its seed.

pub mod network;
