//! Is another gate gone for good? What it left is taken over; and this one says that it is at work itself.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tollgate_model::RequestId;

use super::Books;
use crate::orphans::Adopting;
use crate::port::StoreError;

/// How often a gate says that it is at work, and looks after who is not.
const EVERY: Duration = Duration::from_secs(10);
/// When at first: gates that are started at one go have said so by then.
const FIRST: Duration = Duration::from_secs(20);
/// Who has not said so for this long is gone. Longer than any provider's task has until it is asked for at the latest, so that what
/// is taken over can be asked for at once; and than a restart takes.
pub const GONE_MS: u64 = 15 * 60 * 1000;
/// Holds that are taken over at once.
const MOST: usize = 1_000;

/// Until it is told to stop.
pub(super) async fn adopt(books: &Books, mut stopped: watch::Receiver<bool>) {
    let mut tick = interval_at(Instant::now() + FIRST, EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        match books.adopt(GONE_MS).await {
            // leases and posts say of a book that is not ours any more where it matters
            Ok(()) | Err(StoreError::Fenced | StoreError::Behind) => {}
            Err(error) => tracing::debug!(error = %error, "it could not be asked whether another gate is gone"),
        }
    }
}

impl Books {
    /// Takes over what gates have left that are gone for so long.
    pub(crate) async fn adopt(&self, gone_ms: u64) -> Result<(), StoreError> {
        let accounts = self.accounts().iter().map(|account| account.name().clone()).collect();
        let rows = self.store.adopt(self.fence, Adopting { accounts, gone_ms, most: MOST }).await?;
        let told: BTreeSet<RequestId> = rows.iter().map(|row| row.request).collect();
        let is_all = rows.len() < MOST;
        let mut taken = 0_usize;
        for row in rows {
            let account = self.accounts.read().get(&row.upstream).cloned();
            taken += usize::from(account.is_some_and(|account| account.orphans.lock().take(row)));
        }
        if is_all {
            self.accounts().iter().for_each(|account| account.orphans.lock().keep(&told));
        }
        if taken > 0 {
            tracing::warn!(holds = taken, "what a gate has left that is gone, or this one before it began, is looked after here");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
