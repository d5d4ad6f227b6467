//! Blocking work off the async threads, on a bounded pool.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tokio::sync::oneshot;

/// A pool for work that computes or blocks. Cheap to clone; its threads end with the last clone.
#[derive(Clone, Debug)]
pub struct Workers {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Threads(flume::Sender<Job>),
    Here,
}

/// A piece of work.
pub type Job = Box<dyn FnOnce() + Send>;

/// The work ended without a result.
#[derive(Debug, thiserror::Error)]
#[error("the work ended without a result: {reason}")]
pub struct WorkerGone {
    /// What the panic said.
    pub reason: String,
}

impl Workers {
    /// `count` threads called `name`, with room for `queue` pieces of work that wait for one of them.
    pub fn threads(name: &str, count: usize, queue: usize) -> Workers {
        let (sender, jobs) = flume::bounded::<Job>(queue);
        for number in 0..count.max(1) {
            let jobs = jobs.clone();
            let spawned =
                thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                    for job in jobs {
                        if let Err(gone) = caught(job) {
                            tracing::error!(reason = gone.reason, "a worker's job panicked");
                        }
                    }
                });
            if let Err(error) = spawned {
                tracing::error!(%error, name, number, "a worker thread could not be started");
            }
        }
        Workers { place: Place::Threads(sender) }
    }

    /// Work is done where it is awaited: for a simulation, whose time and order are its own.
    pub fn in_place() -> Workers {
        Workers { place: Place::Here }
    }

    /// Does `work` and returns its result. Waits while the queue is full. A panic in `work` is the
    /// error, and its thread goes on. Work whose caller is gone before it begins is not begun.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkerGone> {
        let Place::Threads(jobs) = &self.place else {
            return caught(work);
        };
        let (answer, answered) = oneshot::channel();
        let job = move || {
            if !answer.is_closed() {
                // The caller may have left meanwhile: then nobody wants the result.
                let _ = answer.send(caught(work));
            }
        };
        let gone = || WorkerGone { reason: "no thread is left".to_owned() };
        jobs.send_async(Box::new(job)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Does `work` and hands its result to `then` on the same thread, with no task that waits for it:
    /// for small work of which there is much. A panic in `work` is the error.
    ///
    /// # Errors
    /// The queue is full, or work is done in place: both come back as one piece, for [`Self::run`].
    pub fn start<T>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(Result<T, WorkerGone>) + Send + 'static,
    ) -> Result<(), Job> {
        let job: Job = Box::new(move || then(caught(work)));
        match &self.place {
            Place::Threads(jobs) => jobs.try_send(job).map_err(flume::TrySendError::into_inner),
            Place::Here => Err(job),
        }
    }

    /// Pieces of work that wait for a thread now.
    pub fn queued(&self) -> usize {
        match &self.place {
            Place::Threads(jobs) => jobs.len(),
            Place::Here => 0,
        }
    }
}

/// Does `work` here and now: for work so small that to hand it to a thread costs as much.
///
/// # Errors
/// It panicked.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, WorkerGone> {
    // Unwind safe: the work owns what it touches, and its result is dropped by the panic.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| WorkerGone { reason: said(&*panic) })
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, sync::mpsc};

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_a_thread_of_that_name() {
        let workers = Workers::threads("solve", 1, 1);
        let name = workers.run(|| thread::current().name().map(str::to_owned)).await.unwrap();
        assert_eq!(name.as_deref(), Some("solve-0"));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_worker_lives_on() {
        for workers in [Workers::threads("w", 1, 1), Workers::in_place()] {
            let gone = workers.run(|| panic!("a bad {}", "column")).await.unwrap_err();
            assert_eq!(gone.reason, "a bad column");
            assert_eq!(workers.run(|| 7).await.unwrap(), 7);
        }
    }

    #[tokio::test]
    async fn work_goes_on_with_its_result_where_it_was_done() {
        let workers = Workers::threads("w", 1, 2);
        let (tell, told) = mpsc::channel();
        let say = move |result: Result<i32, WorkerGone>| {
            let name = thread::current().name().map(str::to_owned);
            tell.send((name, result.map_err(|gone| gone.reason))).unwrap();
        };
        let (first, second) = (say.clone(), say);
        assert!(workers.start(|| 7, first).is_ok());
        assert!(workers.start(|| -> i32 { panic!("a bad row") }, second).is_ok());
        let here = Some("w-0".to_owned());
        assert_eq!(told.recv().unwrap(), (here.clone(), Ok(7)));
        assert_eq!(told.recv().unwrap(), (here, Err("a bad row".to_owned())));
    }

    #[tokio::test]
    async fn what_cannot_be_started_comes_back_to_be_run() {
        let (tell, told) = mpsc::channel();
        let then = move |result: Result<i32, WorkerGone>| tell.send(result.unwrap()).unwrap();
        let workers = Workers::in_place();
        let job = workers.start(|| 7, then).err().unwrap();
        assert!(told.try_recv().is_err(), "it is not begun");
        workers.run(job).await.unwrap();
        assert_eq!(told.try_recv(), Ok(7));
    }

    #[tokio::test]
    async fn a_full_queue_makes_the_caller_wait() {
        let workers = Workers::threads("w", 1, 1);
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let mut busy = pin!(workers.run(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        }));
        assert!(busy.as_mut().now_or_never().is_none());
        has_started.recv().unwrap();

        let mut queued = pin!(workers.run(|| 1));
        assert!(queued.as_mut().now_or_never().is_none());
        assert_eq!(workers.queued(), 1);
        let mut waits = pin!(workers.run(|| 2));
        assert!(waits.as_mut().now_or_never().is_none());

        release.send(()).unwrap();
        busy.await.unwrap();
        assert_eq!((queued.await.unwrap(), waits.await.unwrap()), (1, 2));
    }

    #[tokio::test]
    async fn work_nobody_waits_for_any_more_is_not_begun() {
        let workers = Workers::threads("w", 1, 2);
        let (release, released) = mpsc::channel::<()>();
        let mut busy = pin!(workers.run(move || released.recv()));
        assert!(busy.as_mut().now_or_never().is_none());
        let (ran, has_run) = mpsc::channel::<()>();
        assert!(workers.run(move || ran.send(())).now_or_never().is_none());
        release.send(()).unwrap();
        let _ = busy.await.unwrap();
        workers.run(|| ()).await.unwrap();
        assert!(has_run.try_recv().is_err());
    }
}
