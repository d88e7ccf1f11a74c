//! What does the sandbox know at one moment: its mode, its books, what it received; all behind one mutex.

use std::net::IpAddr;

use hyper::body::Bytes;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};
use tokio::time::Instant;
use tollgate_model::Money;

use crate::books::Books;
use crate::log::Log;
use crate::message::{Message, is_control};
use crate::mode::{Change, DropPoint, Mode, ModeError};
use crate::provider::WrongKeys;

/// One sandbox's whole memory.
pub(crate) struct State {
    inner: Mutex<Inner>,
}

/// The memory, while the mutex is held.
pub(crate) struct Inner {
    pub(crate) mode: Mode,
    pub(crate) books: Books,
    pub(crate) wrong_keys: WrongKeys,
    pub(crate) pingbacks: Vec<String>,
    /// Balance that `sendFunds` moved to other accounts.
    pub(crate) transfers: Vec<Value>,
    log: Log,
}

impl State {
    pub(crate) fn new(mode: Mode, balance: Money, first_id: u64) -> Self {
        let (wrong_keys, pingbacks, transfers, log) = (WrongKeys::default(), Vec::new(), Vec::new(), Log::default());
        Self { inner: Mutex::new(Inner { mode, books: Books::new(balance, first_id), wrong_keys, pingbacks, transfers, log }) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    pub(crate) fn drops_before_read(&self) -> bool {
        self.lock().mode.drop == DropPoint::BeforeRead
    }

    pub(crate) fn record(&self, peer: IpAddr, message: Message) {
        let mut inner = self.lock();
        if inner.mode.record {
            inner.log.push(peer, message);
        }
    }

    /// Records bytes that never became a request.
    pub(crate) fn record_rest(&self, peer: IpAddr, rest: Vec<u8>) {
        if !rest.is_empty() && !is_control(&rest) {
            self.record(peer, Message::broken(Bytes::from(rest)));
        }
    }

    pub(crate) fn requests(&self) -> Vec<Value> {
        // the copy is of reference counts: encoding a hundred thousand requests must not hold up the provider
        let entries = self.lock().log.entries();
        entries.iter().map(|(n, entry)| entry.to_json(*n)).collect()
    }

    pub(crate) fn clear_requests(&self) {
        self.lock().log.clear();
    }

    pub(crate) fn books(&self) -> Value {
        let mut inner = self.lock();
        let Inner { mode, books, wrong_keys, pingbacks, transfers, .. } = &mut *inner;
        books.advance(Instant::now(), mode.refund_unsolvable);
        let mut page = books.to_json(&mode.keys);
        if let Some(page) = page.as_object_mut() {
            page.insert("wrong_keys".into(), json!(wrong_keys.total()));
            page.insert("pingbacks".into(), json!(pingbacks));
            page.insert("transfers".into(), json!(transfers));
        }
        page
    }

    pub(crate) fn mode(&self) -> Value {
        let inner = self.lock();
        inner.mode.to_json(inner.books.balance())
    }

    pub(crate) fn change(&self, change: Change) -> Result<(), ModeError> {
        let mut inner = self.lock();
        if let Some(balance) = change.apply(&mut inner.mode)? {
            inner.books.set_balance(balance);
        }
        Ok(())
    }
}
