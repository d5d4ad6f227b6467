//! The analytics service: keeps plans, answers questions about them, and serves the page.
mod error;
pub mod store;
mod text;

pub use error::Error;
