//! How does a caller reach the thread that owns a connection? Through a bounded queue, with one deadline over all of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tollgate_books::StoreError;

use crate::failure::Failure;

/// The store's own deadline for a command, from the call to the answer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
/// The same while nobody's request waits behind it: at a start and at an end, a slow disk is waited for.
const PATIENT: Duration = Duration::from_secs(30);
/// Commands that may wait at once; the next caller waits for a place, inside its deadline.
const QUEUE: usize = 256;

/// What one caller wants done.
pub(crate) trait Command: Send {
    /// Whether somebody still waits: past the deadline nothing is begun.
    fn is_awaited(&self) -> bool;

    /// Does it; false if what it did must not be kept.
    fn run(&mut self, conn: &Connection) -> bool;

    /// Tells the caller what came of it, or why the whole transaction failed.
    fn answer(self: Box<Self>, failed: Option<&Failure>);
}

/// A way to one thread.
pub(crate) struct Line {
    sender: Option<mpsc::Sender<Box<dyn Command>>>,
    ended: Mutex<Receiver<()>>,
    patient: AtomicBool,
}

struct Call<W, T> {
    work: Option<W>,
    /// Nothing until it was run.
    done: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Command for Call<W, T>
where
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
    T: Send,
{
    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, conn: &Connection) -> bool {
        if let Some(work) = self.work.take() {
            self.done = Some(work(conn));
        }
        matches!(self.done, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, failed: Option<&Failure>) {
        let Self { done, reply, .. } = *self;
        let answer = match (done, failed) {
            // its own words first: they say more than that the transaction is gone
            (Some(Err(failure)), _) => Err(StoreError::from(&failure)),
            (Some(Ok(_)) | None, Some(failure)) => Err(StoreError::from(failure)),
            (Some(Ok(done)), None) => Ok(done),
            (None, None) => Err(StoreError::from(&Failure::Ended)),
        };
        // nobody may wait any longer: what was done stays done, and is harmless when asked for again
        let _ = reply.send(answer);
    }
}

impl Line {
    /// Starts a thread that hands everything that waits, up to the queue's length, to `serve`; it ends when the line is dropped.
    pub(crate) fn start(name: &str, mut serve: impl FnMut(Vec<Box<dyn Command>>) + Send + 'static) -> std::io::Result<Self> {
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let (ends, ended) = sync_channel(1);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _ends = ends;
            let mut batch = Vec::new();
            while receiver.blocking_recv_many(&mut batch, QUEUE) > 0 {
                serve(std::mem::take(&mut batch));
            }
            // closes the connection before the end is told
            drop(serve);
        })?;
        Ok(Self { sender: Some(sender), ended: Mutex::new(ended), patient: AtomicBool::new(false) })
    }

    /// Whether callers wait as long as a slow disk takes.
    pub(crate) fn be_patient(&self, patient: bool) {
        self.patient.store(patient, Ordering::Relaxed);
    }

    /// Has it done on the thread.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = Box::new(Call { work: Some(work), done: None, reply });
        let ended = || StoreError::from(&Failure::Ended);
        let asked = async {
            let sender = self.sender.as_ref().ok_or_else(ended)?;
            sender.send(call).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        };
        let deadline = if self.patient.load(Ordering::Relaxed) { PATIENT } else { DEADLINE };
        tokio::time::timeout(deadline, asked).await.unwrap_or(Err(StoreError::Busy))
    }
}

impl Drop for Line {
    /// Waits until what was taken is done and the connection closed; a disk that hangs does not hold the process back.
    fn drop(&mut self) {
        self.sender = None;
        if let Ok(ended) = self.ended.get_mut() {
            let _ = ended.recv_timeout(DEADLINE);
        }
    }
}
