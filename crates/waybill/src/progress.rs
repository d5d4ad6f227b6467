//! A bar on long work, on standard error, and only where that is a terminal.

use std::{
    borrow::Cow,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Draws this often at most.
const DRAWS_PER_SECOND: u8 = 10;
/// How often a spinner turns, so that people see that work goes on.
const TURN: Duration = Duration::from_millis(200);
/// Work that is done by then is not long.
const LONG: Duration = Duration::from_millis(500);

/// A bar that goes when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whether there is nobody to see it.
    hidden: bool,
    /// Dropped with the bar: then it never appears.
    _done: mpsc::Sender<()>,
}

impl Progress {
    /// Work whose end is not known: what is being done. Appears when the work turns out to be long.
    pub(crate) fn spinner(what: &'static str) -> Progress {
        Self::new(None, "{spinner} {msg} {elapsed}", what)
    }

    /// Work of so many steps.
    pub(crate) fn of(steps: u64, what: &'static str) -> Progress {
        Self::new(Some(steps), "{msg} {wide_bar} {human_pos}/{human_len} {eta}", what)
    }

    fn new(steps: Option<u64>, template: &'static str, what: &'static str) -> Progress {
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
        bar.set_style(
            ProgressStyle::with_template(template).expect("the templates above are well formed"),
        );
        bar.set_message(what);
        let hidden = target().is_hidden();
        let (done, is_done) = mpsc::channel();
        if !hidden {
            let bar = bar.clone();
            thread::spawn(move || {
                if is_done.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(target());
                    bar.enable_steady_tick(TURN);
                }
            });
        }
        Progress { bar, hidden, _done: done }
    }

    /// Whether nobody sees it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// How many steps there are, where that is known.
    pub(crate) fn steps(&self) -> Option<u64> {
        self.bar.length()
    }

    /// So many steps are done.
    pub(crate) fn at(&self, step: u64) {
        self.bar.set_position(step);
    }

    /// What is being done now.
    pub(crate) fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND)
}
