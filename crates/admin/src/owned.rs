//! Who owns a request that is being answered? The desk: a caller who hangs up half way does not tear an act in two.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::problem::{Kind, Problem};

/// How long an answer may take; the slowest question reads the log.
const PATIENCE: Duration = Duration::from_secs(50);
/// Requests in work at once.
const AT_ONCE: usize = 64;

/// The requests in work.
#[derive(Default)]
pub(crate) struct Owned {
    tasks: Mutex<JoinSet<()>>,
}

impl Owned {
    /// Runs the work to its end whether or not anybody still waits for it; a panic is an answer that never comes.
    fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<oneshot::Receiver<T>> {
        let (done, wait) = oneshot::channel();
        let mut tasks = self.tasks.lock();
        while tasks.try_join_next().is_some() {}
        if tasks.len() >= AT_ONCE {
            return None;
        }
        tasks.spawn(async move {
            // an error is a caller who has hung up
            let _ = done.send(work.await);
        });
        Some(wait)
    }

    /// Waits for what is in work, so long.
    pub(crate) async fn drain(&self, within: Duration) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        let _ = tokio::time::timeout(within, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

/// Answers every request in a task of the desk's own, within a deadline.
pub(crate) async fn own(State(owned): State<Arc<Owned>>, request: Request, next: Next) -> Response {
    let Some(answer) = owned.run(next.run(request)) else {
        return Problem::new(Kind::Busy, "too many requests are being answered").hint("ask again in a second").into_response();
    };
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new(Kind::Internal, "the desk broke on this request")
            .hint("the gate's log has the place; other requests go on")
            .into_response(),
        Err(_) => Problem::new(Kind::Busy, "not done in time, and it may still be done")
            .hint("look at what is there before asking again")
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let owned = Owned::default();
        let done = Arc::new(Mutex::new(false));
        let flag = done.clone();
        drop(owned.run(async move {
            tokio::task::yield_now().await;
            *flag.lock() = true;
        }));
        owned.drain(Duration::from_secs(5)).await;
        assert!(*done.lock());
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_request_only() {
        let owned = Owned::default();
        let answer = owned.run(async { assert!(!owned_panics(), "told to") }).unwrap();
        assert!(answer.await.is_err());
        assert_eq!(owned.run(async { 7 }).unwrap().await, Ok(7));
    }

    fn owned_panics() -> bool {
        true
    }

    #[tokio::test]
    async fn more_than_the_bound_is_turned_away() {
        let owned = Owned::default();
        let waiting: Vec<_> = (0..AT_ONCE).map(|_| owned.run(std::future::pending::<()>()).unwrap()).collect();
        assert!(owned.run(async {}).is_none());
        assert_eq!(waiting.len(), AT_ONCE);
    }
}
