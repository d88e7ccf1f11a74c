//! Whose task is it, at whichever gate it is asked for?

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_model::{KeyId, TaskId};

use super::Books;
use crate::account::Account;
use crate::port::{HoldState, StoreError};
use crate::task::Owned;

/// Nobody who asks for a task, or was given one, waits longer for the book.
const OWNER_WAIT: Duration = Duration::from_millis(100);

impl Books {
    /// The task, if it is this key's: from memory, else from the book.
    pub async fn owner(&self, account: &Arc<Account>, key: KeyId, task: TaskId) -> Result<Option<Owned>, StoreError> {
        if let Some(owned) = account.task(key, task) {
            return Ok(Some(owned));
        }
        let asked = tokio::time::timeout(OWNER_WAIT, self.store.owner(account.name(), task)).await;
        let row = asked.map_err(|_| StoreError::Busy)??;
        // an unknown hold's task is nobody's: another open one had its id
        if let Some(row) = row.filter(|row| row.key == key && row.state != HoldState::Unknown) {
            account.remember(task, row.request, row.key);
        }
        // asked again: an id that was withheld in memory stays withheld
        Ok(account.task(key, task))
    }

    /// Has the book know what has happened so far, in one post with whatever else happens meanwhile: a task can then be polled at another
    /// gate. Waits no longer than a poll waits for the book, and not at all for one that takes nothing.
    pub async fn tell_others(&self) {
        if self.is_stalled() {
            return;
        }
        // one that has begun may have been cut before
        let next = self.begun.load(Ordering::SeqCst) + 1;
        let mut taken = self.taken.subscribe();
        self.shared.full.notify_one();
        let _ = tokio::time::timeout(OWNER_WAIT, taken.wait_for(|taken| *taken >= next)).await;
    }
}
