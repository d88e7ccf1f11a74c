//! What is said to the book in one round? Leases for everyone who waits, and everything that has happened since the last.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::MutexGuard;

use super::{Books, IDLE_NS, STEP};
use crate::account::Account;
use crate::port::{Counter, Fact, Holder, Lease, LeaseWant, StoreError};
use crate::slot::LimitIx;

impl Books {
    /// Leases for everyone who waits, in one durable step; then wakes them, whatever came of it.
    pub(super) async fn lease(&self) -> Result<(), StoreError> {
        let (places, wants) = self.wants();
        if wants.is_empty() {
            return Ok(());
        }
        let (leases, turn) = match self.granted(&wants).await {
            Ok(granted) => granted,
            Err(error) => {
                for (account, ix, _) in &places {
                    account.state.lock().lease_failed(*ix);
                }
                return Err(error);
            }
        };
        let short: Vec<Counter> = leases
            .iter()
            .zip(&wants)
            .filter(|(lease, want)| lease.elsewhere > 0 && lease.ceiling < lease.used.saturating_add(want.least))
            .map(|(_, want)| want.counter.clone())
            .collect();
        for ((account, ix, window), lease) in places.iter().zip(&leases) {
            account.state.lock().leased(*ix, *window, lease);
        }
        drop(turn);
        if !short.is_empty() {
            self.recall(&short).await?;
        }
        Ok(())
    }

    /// A window that memory does not know starts from the book: the book is told everything first, and nothing is cut until
    /// memory has taken up what the book says, so that each fact is in exactly one of the two.
    async fn granted(&self, wants: &[LeaseWant]) -> Result<(Vec<Lease>, Option<MutexGuard<'_, ()>>), StoreError> {
        let mut turn = None;
        if wants.iter().any(|want| want.used.is_none()) {
            let held = turn.insert(self.posting.lock().await);
            self.post_in_turn(held).await?;
        }
        Ok((self.store.lease(self.fence, wants.to_vec()).await?, turn))
    }

    #[expect(clippy::type_complexity, reason = "the places of the wants, in their order; named nowhere else")]
    fn wants(&self) -> (Vec<(Arc<Account>, LimitIx, tollgate_model::Window)>, Vec<LeaseWant>) {
        let mut places = Vec::new();
        let mut wants = Vec::new();
        for account in self.accounts() {
            let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
            for (ix, window, want) in account.state.lock().wants(&holder) {
                places.push((account.clone(), ix, window));
                wants.push(want);
            }
        }
        (places, wants)
    }

    /// Takes unspent slices of these counters back from this gate's other accounts, so that one refusal is not made while
    /// money lies unused beside it.
    async fn recall(&self, counters: &[Counter]) -> Result<(), StoreError> {
        let mut given = Vec::new();
        for account in self.accounts() {
            let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
            let lowered = account.state.lock().recall(counters);
            given.extend(lowered.into_iter().map(|(counter, ceiling)| (counter, holder.clone(), ceiling)));
        }
        if given.is_empty() { Ok(()) } else { self.store.post(self.fence, Vec::new(), HashMap::new(), given).await }
    }

    /// Tells the book what has happened. The lanes' marks are read before the cut, and told with its last fact: every fact of a
    /// line up to its mark is in the book then. Dropped on the way (an asker went away), it loses nothing.
    pub(super) async fn post(&self) -> Result<(), StoreError> {
        let turn = self.posting.lock().await;
        self.post_in_turn(&turn).await
    }

    async fn post_in_turn(&self, _turn: &MutexGuard<'_, ()>) -> Result<(), StoreError> {
        let mut upto: HashMap<String, u64> = self.marks.read().iter().map(|(name, mark)| (name.clone(), mark.upto())).collect();
        let mut cut = Cut::of(self.accounts());
        let facts = cut.facts();
        let mut steps = facts.chunks(STEP).peekable();
        while let Some(step) = steps.next() {
            let upto = if steps.peek().is_none() { std::mem::take(&mut upto) } else { HashMap::new() };
            self.store.post(self.fence, step.to_vec(), upto, Vec::new()).await?;
        }
        cut.0.clear();
        Ok(())
    }

    /// Gives slices back that nobody has used for a while; never while one is leased.
    pub(super) async fn give_back(&self) -> Result<(), StoreError> {
        let mut given = Vec::new();
        for account in self.accounts() {
            let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
            let idle = account.state.lock().give_back_idle(IDLE_NS);
            given.extend(idle.into_iter().map(|(counter, ceiling)| (counter, holder.clone(), ceiling)));
        }
        if given.is_empty() { Ok(()) } else { self.store.post(self.fence, Vec::new(), HashMap::new(), given).await }
    }

    pub(super) fn note(&self, outcome: &Result<(), StoreError>) {
        match outcome {
            Ok(()) => self.stalled.store(false, Ordering::Relaxed),
            Err(StoreError::Fenced) => self.fenced.store(true, Ordering::Relaxed),
            Err(error) => {
                if !self.stalled.swap(true, Ordering::Relaxed) {
                    tracing::error!(error = %error, "the books cannot be written; paid calls go on inside their slices");
                }
            }
        }
    }

    pub(super) fn wake(&self) {
        for account in self.accounts() {
            account.rounds.notify_waiters();
        }
    }
}

/// Facts on their way to the book; dropped before it has them all, they go back, and are told again: told twice changes nothing.
struct Cut(Vec<(Arc<Account>, Vec<Fact>)>);

impl Cut {
    fn of(accounts: Vec<Arc<Account>>) -> Self {
        Self(accounts.into_iter().map(|account| (account.clone(), account.cut())).collect())
    }

    fn facts(&self) -> Vec<Fact> {
        self.0.iter().flat_map(|(_, facts)| facts).cloned().collect()
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        for (account, facts) in self.0.drain(..) {
            account.put_back(facts);
        }
    }
}
