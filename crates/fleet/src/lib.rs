//! The fleet service.
pub mod planning;
