//! Two things at the same time.

use std::{panic::resume_unwind, thread};

/// Both, `b` on a thread of its own where there is more than one for them.
pub(crate) fn both<A, B: Send>(
    threads: usize,
    a: impl FnOnce() -> A,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads == 1 {
        return (a(), b());
    }
    thread::scope(|scope| {
        let b = scope.spawn(b);
        (a(), b.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
