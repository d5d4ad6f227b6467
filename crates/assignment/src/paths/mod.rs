//! Shortest augmenting paths, for [`dense`](crate::dense) and [`sparse`](crate::sparse) alike.
//!
//! | module | says |
//! |---|---|
//! | `matching` | [`Matching`]: a matching in the making, and what holds of it |
//! | `edges` | [`Adjacency`]: what a row is permitted, as far as it is listed |
//! | `bids` | the start: rows bid for columns |
//! | `auction` | bids with a least raise, for prices that are nearly right everywhere |
//! | `augment` | shortest augmenting paths, a row at a time |
//! | `lower` | the same backwards, for columns that were left at a price |
//! | `frontier` | what a search has reached, nearest first |
//! | `number` | [`Number`]: what all this is done in |
//! | `shortage` | [`Shortage`]: why there is no solution |

mod auction;
mod augment;
mod bids;
mod edges;
mod frontier;
mod lower;
mod matching;
mod number;
mod shortage;
#[cfg(test)]
mod tests;

pub(crate) use edges::Adjacency;
pub(crate) use matching::Matching;
pub(crate) use number::Number;
pub(crate) use shortage::Listed;
pub use shortage::Shortage;
