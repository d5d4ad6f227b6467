//! A timer for loops.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Rings from its time on, until it is set to another. It registers with the clock only when its time
/// changes, so that a loop which looks at it a million times a second pays for it once.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Rings from this time on; none: never.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        if self.at == at {
            return;
        }
        self.at = at;
        match (at, &mut self.sleep) {
            (Some(at), Some(sleep)) => sleep.as_mut().reset(at),
            (Some(at), empty) => *empty = Some(Box::pin(sleep_until(at))),
            (None, _) => {}
        }
    }

    /// Rings no later than this.
    pub(crate) fn advance(&mut self, to: Instant) {
        if self.at.is_none_or(|at| at > to) {
            self.set(Some(to));
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (self.at, &mut self.sleep) {
            (Some(_), Some(sleep)) if sleep.is_elapsed() => Poll::Ready(()),
            (Some(_), Some(sleep)) => sleep.as_mut().poll(cx),
            _ => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_its_time_until_it_is_set_anew() {
        let began = Instant::now();
        let mut alarm = Alarm::default();
        alarm.set(Some(began + Duration::from_secs(9)));
        alarm.advance(began + Duration::from_secs(3));
        alarm.advance(began + Duration::from_secs(6));
        poll_fn(|cx| alarm.poll(cx)).await;
        assert_eq!(began.elapsed().as_secs(), 3);
        assert!(poll_fn(|cx| alarm.poll(cx)).now_or_never().is_some(), "it goes on ringing");
        alarm.set(Some(began + Duration::from_secs(5)));
        poll_fn(|cx| alarm.poll(cx)).await;
        assert_eq!(began.elapsed().as_secs(), 5);
        alarm.set(None);
        assert!(poll_fn(|cx| alarm.poll(cx)).now_or_never().is_none());
    }
}
