//! Do the lines agree with one another about money? Every outcome has its intent, and no request is settled twice.

use std::collections::HashMap;

use tollgate_model::RequestId;

use super::Findings;
use crate::entry::Entry;

/// Requests of which not everything has been read. What is complete is forgotten, so a second settle finds nothing to settle;
/// lanes are read almost in step, so a settle may be read shortly before its outcome, and nobody is accused before the end.
#[derive(Debug, Default)]
pub(super) struct Books {
    open: HashMap<RequestId, Account>,
}

#[derive(Debug, Default)]
struct Account {
    intent: bool,
    outcome: Option<Outcome>,
    settled: bool,
    /// File and line of the outcome or the settle.
    place: (String, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Settled or voided at once.
    Closed,
    /// A task was named, or nobody knows: a settle may follow.
    Open,
}

impl Books {
    pub(super) fn take(&mut self, entry: &Entry<'_>, file: &str, line: u64, findings: &mut Findings) {
        let Some(request) = entry.tollgate.request_id else { return };
        let action = &*entry.event.action;
        let account = match action {
            "intent" => self.intent(request),
            "outcome" => self.outcome(request, entry.tollgate.hold.as_deref()),
            "settle" => self.settle(request),
            _ => return,
        };
        match account {
            Some(account) if action == "settle" || (!account.intent && !account.settled) => account.place = (file.to_owned(), line),
            Some(_) => {}
            None => findings.tell(file, Some(line), format!("a second {action} of request {request}")),
        }
        if self.open.get(&request).is_some_and(Account::is_complete) {
            self.open.remove(&request);
        }
    }

    pub(super) fn finish(&mut self, findings: &mut Findings) {
        for (request, account) in self.open.drain() {
            let (file, line) = &account.place;
            match (account.intent, account.outcome, account.settled) {
                (false, Some(_), _) => {
                    findings.tell(file, Some(*line), format!("an outcome without an intent, or a second one: request {request}"));
                }
                (_, None | Some(Outcome::Closed), true) => {
                    findings.tell(file, Some(*line), format!("settled twice, or without an open hold: request {request}"));
                }
                // a crash before the outcome, an open task, an unknown outcome
                (true, _, _) | (false, None, false) => {}
            }
        }
    }

    /// Nothing if there was one already.
    fn intent(&mut self, request: RequestId) -> Option<&mut Account> {
        let account = self.open.entry(request).or_default();
        let first = !std::mem::replace(&mut account.intent, true);
        first.then_some(account)
    }

    fn outcome(&mut self, request: RequestId, hold: Option<&str>) -> Option<&mut Account> {
        let account = self.open.entry(request).or_default();
        let outcome = if matches!(hold, Some("opened" | "unknown")) { Outcome::Open } else { Outcome::Closed };
        let first = account.outcome.replace(outcome).is_none();
        first.then_some(account)
    }

    fn settle(&mut self, request: RequestId) -> Option<&mut Account> {
        let account = self.open.entry(request).or_default();
        let first = !std::mem::replace(&mut account.settled, true);
        first.then_some(account)
    }
}

impl Account {
    fn is_complete(&self) -> bool {
        let ended = match self.outcome {
            None => false,
            Some(Outcome::Closed) => !self.settled,
            Some(Outcome::Open) => self.settled,
        };
        self.intent && ended
    }
}
