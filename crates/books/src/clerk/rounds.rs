//! What is said to the book in one round? Leases for everyone who waits, and everything that has happened since the last.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::MutexGuard;
use tollgate_model::fault::{self, Point};

use super::{Books, IDLE_NS, Posting, STEP};
use crate::account::Account;
use crate::port::{Counter, Fact, Holder, Lease, LeaseWant, StoreError};
use crate::state::{Closing, Lowered, Wanted};

/// A slice asked for by one account.
struct Asked {
    account: Arc<Account>,
    wanted: Wanted,
}

impl Asked {
    /// Whether somebody waits, and has been given enough.
    const fn is_content(&self, lease: &Lease) -> bool {
        self.wanted.is_waited_for && !self.wanted.is_short(lease)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.is_of(&other.account, &other.wanted.want.counter)
    }

    fn is_of(&self, account: &Arc<Account>, counter: &Counter) -> bool {
        Arc::ptr_eq(&self.account, account) && self.wanted.want.counter == *counter
    }
}

impl Books {
    /// Leases for everyone who waits, in one durable step. Where others' slices leave too little they are called back, and asked for
    /// again before anybody is woken.
    pub(super) async fn lease(&self) -> Result<(), StoreError> {
        let asked = self.asked();
        if asked.is_empty() {
            return Ok(());
        }
        fault::at(Point::LeaseBegun);
        let leases = self.lease_of(&asked).await?;
        fault::at(Point::LeaseDone);
        if !self.recall(&asked, &leases).await? {
            return Ok(());
        }
        let is_short = |one: &Asked| asked.iter().zip(&leases).any(|(first, lease)| first.wanted.is_short(lease) && one.is_same(first));
        for (first, _) in asked.iter().zip(&leases).filter(|(first, lease)| first.wanted.is_short(lease)) {
            first.account.state.lock().waits_on(&first.wanted);
        }
        let again: Vec<Asked> = self.asked().into_iter().filter(is_short).collect();
        self.lease_of(&again).await.map(drop)
    }

    /// Asks the book, and tells the accounts what it has granted.
    async fn lease_of(&self, asked: &[Asked]) -> Result<Vec<Lease>, StoreError> {
        let (leases, turn) = match self.granted(asked).await {
            Ok(granted) => granted,
            Err(error) => {
                for Asked { account, wanted } in asked {
                    account.state.lock().lease_failed(wanted);
                }
                return Err(error);
            }
        };
        self.answered.fetch_add(1, Ordering::Relaxed);
        fault::at(Point::LeaseGranted);
        for (Asked { account, wanted }, lease) in asked.iter().zip(&leases) {
            account.state.lock().leased(wanted, lease);
        }
        drop(turn);
        Ok(leases)
    }

    /// First what others' shares depend on, then those for whom somebody waits, whoever was passed over most often first: a slice that
    /// only runs low must not be taken from them.
    fn asked(&self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for account in self.accounts() {
            let wants = account.state.lock().wants(&self.holder(&account));
            asked.extend(wants.into_iter().map(|wanted| Asked { account: account.clone(), wanted }));
        }
        asked.sort_by_key(|Asked { wanted, .. }| (!wanted.is_overdrawn, !wanted.is_waited_for, Reverse(wanted.passed_over)));
        asked
    }

    fn holder(&self, account: &Account) -> Holder {
        Holder { instance: self.instance.clone(), account: account.name().clone() }
    }

    /// A window that memory does not know, or that rolls, starts from the book: the book is told everything first, and nothing is cut until
    /// memory has taken up what the book says, so that each fact is in exactly one of the two.
    async fn granted(&self, asked: &[Asked]) -> Result<(Vec<Lease>, Option<MutexGuard<'_, Posting>>), StoreError> {
        let wants: Vec<LeaseWant> = asked.iter().map(|asked| asked.wanted.want.clone()).collect();
        let mut turn = None;
        let rolls = |want: &LeaseWant| want.counter.period.rolls_over().is_some();
        if wants.iter().any(|want| want.used.is_none() || rolls(want)) {
            let held = turn.insert(self.posting.lock().await);
            self.post_in_turn(held).await?;
        }
        Ok((self.store.lease(self.fence, wants).await?, turn))
    }

    /// Takes unspent slices back from this gate's other accounts, so that one refusal is not made while money lies unused beside
    /// it; also what a process that died has leased for an account that has not asked since. Whoever was just given what it asked for
    /// keeps it, unless the other was passed over more often: else they would take it from one another for ever, or one of them from
    /// the other each time. Whether anything was taken back.
    async fn recall(&self, asked: &[Asked], leases: &[Lease]) -> Result<bool, StoreError> {
        let mut given = Vec::new();
        let mut called: Vec<&Counter> = Vec::new();
        let answered = || asked.iter().zip(leases);
        for (first, _) in answered().filter(|(asked, lease)| asked.wanted.is_short(lease)) {
            let (counter, passed_over) = (&first.wanted.want.counter, first.wanted.passed_over);
            if called.contains(&counter) {
                continue;
            }
            called.push(counter);
            for account in self.accounts() {
                let is_content = |asked: &Asked, lease| asked.is_content(lease) && asked.wanted.passed_over >= passed_over;
                let content = answered().any(|(asked, lease)| asked.is_of(&account, counter) && is_content(asked, lease));
                if content || first.is_of(&account, counter) {
                    continue;
                }
                let lowered = account.state.lock().recall(counter, passed_over > 0);
                given.extend(lowered.map(|lowered| (account.clone(), lowered)));
            }
        }
        let is_any = !given.is_empty();
        self.give(given).await?;
        Ok(is_any)
    }

    /// Gives slices back that nobody has used for a while; never while one is leased.
    pub(super) async fn give_back(&self) -> Result<(), StoreError> {
        let mut given = Vec::new();
        for account in self.accounts() {
            let idle = account.state.lock().give_back_idle(IDLE_NS);
            given.extend(idle.into_iter().map(|lowered| (account.clone(), lowered)));
        }
        self.give(given).await
    }

    /// Tells the book of lowered ceilings, behind what has returned: it lowers none under what it knows as used. What it does not
    /// take is told again.
    async fn give(&self, given: Vec<(Arc<Account>, Lowered)>) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        // buckets that are over are told of too
        self.post().await?;
        let told = given.iter().map(|(account, lowered)| (lowered.counter.clone(), self.holder(account), lowered.ceiling)).collect();
        fault::at(Point::GiveBackBegun);
        self.store.post(self.fence, Vec::new(), HashMap::new(), told).await?;
        fault::at(Point::GiveBackDone);
        for (account, lowered) in &given {
            account.state.lock().given(lowered);
        }
        Ok(())
    }

    /// Tells the book what has happened. The lanes' marks are read before the cut, and told with its last fact: every fact of a
    /// line up to its mark is in the book then. Dropped on the way (an asker went away), it loses nothing.
    pub(super) async fn post(&self) -> Result<(), StoreError> {
        let mut turn = self.posting.lock().await;
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.post_in_turn(&mut turn).await?;
        self.taken.send_replace(number);
        Ok(())
    }

    async fn post_in_turn(&self, turn: &mut Posting) -> Result<(), StoreError> {
        let marks: HashMap<String, u64> = self.marks.read().iter().map(|(name, mark)| (name.clone(), mark.upto())).collect();
        let mut cut = Cut::of(self.accounts());
        let facts = [turn.owed.clone(), cut.facts()].concat();
        let told =
            || cut.closings.iter().map(|(account, closing)| (closing.counter.clone(), self.holder(account), closing.ceiling)).collect();
        let mut steps = facts.chunks(STEP).peekable();
        while let Some(step) = steps.next() {
            // behind the last fact: nothing more is to come of what was admitted in a bucket that is over
            let (upto, told) = if steps.peek().is_none() { (marks.clone(), told()) } else { (HashMap::new(), Vec::new()) };
            fault::at(Point::PostBegun);
            self.store.post(self.fence, step.to_vec(), upto, told).await?;
            fault::at(Point::PostDone);
        }
        // lines that say nothing about money need not be read again either
        if facts.is_empty() && (marks != turn.marks || !cut.closings.is_empty()) {
            self.store.post(self.fence, Vec::new(), marks.clone(), told()).await?;
        }
        for (account, closing) in &cut.closings {
            account.state.lock().closed(closing);
        }
        turn.owed.clear();
        turn.marks = marks;
        cut.facts.clear();
        Ok(())
    }

    pub(super) fn note(&self, outcome: &Result<(), StoreError>) {
        match outcome {
            Ok(()) => self.stalled.store(false, Ordering::Relaxed),
            // for good: once an operator has accepted a book that is behind, every opening of before is void
            Err(StoreError::Fenced | StoreError::Behind) => self.shared.fenced.store(true, Ordering::Relaxed),
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
struct Cut {
    facts: Vec<(Arc<Account>, Vec<Fact>)>,
    /// Of the same instant: every fact of a bucket that is over is in the cut, or was in an earlier one.
    closings: Vec<(Arc<Account>, Closing)>,
}

impl Cut {
    fn of(accounts: Vec<Arc<Account>>) -> Self {
        let mut cut = Self { facts: Vec::new(), closings: Vec::new() };
        for account in accounts {
            let (facts, closings) = account.cut();
            cut.closings.extend(closings.into_iter().map(|closing| (account.clone(), closing)));
            cut.facts.push((account, facts));
        }
        cut
    }

    fn facts(&self) -> Vec<Fact> {
        self.facts.iter().flat_map(|(_, facts)| facts).cloned().collect()
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        for (account, facts) in self.facts.drain(..) {
            account.put_back(facts);
        }
    }
}
