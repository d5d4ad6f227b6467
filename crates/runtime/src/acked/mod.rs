//! The acked stream, written once for both hops.
