//! The fleet service: scores, solves and certifies each batch, forwards its plan to analytics, and
//! answers when the plan is durable. It keeps nothing: any replica can answer any batch.
//!
//! | here | what it is |
//! |---|---|
//! | [`planning`] | pure: from records to a proven plan |
//! | `core` | the service without sockets |
//! | `arriving` | a batch whose parts come in: scored as they do |
//! | `digest` | a batch's content as one number |
//! | `dispatch` | the server of the Dispatch stream |
//! | `record` | the client of the RecordPlans stream |
//! | `rows` | a plan as messages |
//! | `in_flight` | who waits for which plan |
//! | `admission` | memory, admitted before it is taken |
//! | `error` | what can be wrong with a batch, and its status |
//! | [`Config`], [`Service`] | settings, sockets, lifetime |

mod admission;
mod arriving;
mod config;
mod core;
mod digest;
mod dispatch;
mod error;
mod in_flight;
mod metrics;
pub mod planning;
mod record;
mod rows;
mod service;

pub use self::config::Config;
pub use self::core::{Capacity, Core};
pub use self::service::{Error, Service};
