//! A bar on long work, on standard error, and only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Draws this often at most.
const DRAWS_PER_SECOND: u8 = 10;
/// How often a spinner turns, so that people see that work goes on.
const TURN: Duration = Duration::from_millis(200);

/// A bar that goes when it is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Work whose end is not known: what is being done.
    pub(crate) fn spinner(what: &'static str) -> Progress {
        let bar = ProgressBar::with_draw_target(None, target());
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.set_message(what);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TURN);
        }
        Progress(bar)
    }

    /// Work of so many steps.
    pub(crate) fn of(steps: u64, what: &'static str) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(steps), target());
        bar.set_style(style("{msg} {wide_bar} {human_pos}/{human_len} {eta}"));
        bar.set_message(what);
        Progress(bar)
    }

    /// Whether nobody sees it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    /// How many steps there are, where that is known.
    pub(crate) fn steps(&self) -> Option<u64> {
        self.0.length()
    }

    /// So many steps are done.
    pub(crate) fn at(&self, step: u64) {
        self.0.set_position(step);
    }

    /// What is being done now.
    pub(crate) fn say(&self, what: impl Into<std::borrow::Cow<'static, str>>) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND)
}

fn style(template: &'static str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}
