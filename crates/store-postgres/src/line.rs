//! How does a caller reach a connection? Through a bounded queue, with one deadline over all of it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tollgate_books::{Reply, StoreError};

use crate::failure::Failure;
use crate::open::Place;
use crate::session::Session;

/// The store's own deadline for a command, from the call to the answer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
/// The same while nobody's request waits behind it: at a start and at an end.
const PATIENT: Duration = Duration::from_secs(30);
/// Commands that may wait at once; the next caller waits for a place, inside its deadline.
const QUEUE: usize = 256;

/// What is left of a session after a command: nothing, if it is not known what became of it.
type Left<'a> = Pin<Box<dyn Future<Output = Option<Session>> + 'a>>;

/// What one caller wants done.
pub(crate) trait Command: Send {
    /// Does it on the session given, or a new one, and answers.
    fn serve(self: Box<Self>, session: Option<Session>, place: &Place) -> Left<'_>;
}

/// A way to one connection.
pub(crate) struct Line {
    /// Nothing once it is closed.
    sender: Option<mpsc::Sender<Box<dyn Command>>>,
    patient: AtomicBool,
}

/// The other end of it.
pub(crate) struct End(mpsc::Receiver<Box<dyn Command>>);

struct Call<W, T> {
    work: W,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Command for Call<W, T>
where
    W: AsyncFnOnce(&mut Session) -> Result<T, Failure> + Send + 'static,
    T: Send + 'static,
{
    fn serve(self: Box<Self>, session: Option<Session>, place: &Place) -> Left<'_> {
        Box::pin(async move {
            let Self { work, mut reply } = *self;
            // past the deadline nothing is begun
            if reply.is_closed() {
                return session;
            }
            let served = async {
                let mut session = match session.filter(|session| !session.is_closed()) {
                    Some(session) => session,
                    None => place.connect().await?,
                };
                let answer = work(&mut session).await;
                Ok::<_, Failure>((session, answer))
            };
            let (left, answer) = tokio::select! {
                biased;
                served = served => match served {
                    // after an error of the connection's, the next command gets another one
                    Ok((session, answer)) => (Some(session).filter(|_| !answer.as_ref().is_err_and(Failure::is_fatal)), answer),
                    Err(failure) => (None, Err(failure)),
                },
                // nobody waits any more: the session goes with what it was doing, and the server takes that back
                () = reply.closed() => return None,
            };
            // nobody may wait any longer: what was done stays done, and is harmless when asked for again
            let _ = reply.send(answer.map_err(|failure| StoreError::from(&failure)));
            left
        })
    }
}

impl Line {
    pub(crate) fn new() -> (Self, End) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self { sender: Some(sender), patient: AtomicBool::new(false) }, End(receiver))
    }

    /// Whether callers wait as long as a slow server takes.
    pub(crate) fn be_patient(&self, patient: bool) {
        self.patient.store(patient, Ordering::Relaxed);
    }

    /// Nobody asks any more; what was asked is done.
    pub(crate) fn close(&mut self) {
        self.sender = None;
    }

    /// Has it done on the connection.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Failure> + Send + 'static,
    ) -> Reply<'_, T> {
        let (reply, answer) = oneshot::channel();
        let ended = || StoreError::from(&Failure::Ended);
        let asked = async move {
            let sender = self.sender.as_ref().ok_or_else(ended)?;
            sender.send(Box::new(Call { work, reply })).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        };
        let deadline = if self.patient.load(Ordering::Relaxed) { PATIENT } else { DEADLINE };
        Box::pin(async move { tokio::time::timeout(deadline, asked).await.unwrap_or(Err(StoreError::Busy)) })
    }
}

impl End {
    /// Serves one command after the other, until nobody can ask any more.
    pub(crate) async fn serve(mut self, place: &Place, mut session: Option<Session>) {
        while let Some(command) = self.0.recv().await {
            session = command.serve(session.take(), place).await;
        }
    }
}
