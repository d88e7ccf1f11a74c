//! What the laws cannot see from outside: what is forgotten, and where spent money is booked that nobody leased.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, Holder, Lease, LeaseWant, Store, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use crate::PostgresStore;
use crate::stand::{Database, Server, run};

const NOW: i64 = 1_795_424_400_000;
const DAY_MS: i64 = 86_400_000;

/// An opened book, and the way to its tables.
struct Book {
    database: Database<'static>,
    store: Arc<PostgresStore>,
    fence: Fence,
    _gate: TempDir,
}

fn book() -> Book {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    let store = database.store(gate.path());
    let fence = run(store.open("gate", "boot", true)).unwrap().fence;
    Book { database, store, fence, _gate: gate }
}

impl Book {
    fn post(&self, facts: Vec<Fact>) {
        run(self.store.post(self.fence, facts, HashMap::new(), Vec::new())).unwrap();
    }

    fn lease(&self, wants: &[LeaseWant]) -> Vec<Lease> {
        run(self.store.lease(self.fence, wants.to_vec())).unwrap()
    }

    fn count(&self, table: &str) -> usize {
        self.database.ask(&format!("SELECT count(*) FROM tollgate.{table}")).parse().unwrap()
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn request(at: i64, number: u8) -> RequestId {
    RequestId::new(Timestamp::from_millis(at), [number; 10])
}

fn held(at: i64, number: u8, upstream: &str) -> Fact {
    Fact::Held {
        request: request(at, number),
        key: KeyId::from_bytes([1; 16]),
        team: Some(name("research")),
        upstream: name(upstream),
        method: "NormalCaptcha".to_owned(),
        at: Timestamp::from_millis(at),
        held: Money::from_nanos(10),
    }
}

fn want(at: i64, period: Period, upstream: &str) -> LeaseWant {
    let window = period.window(&Zone::utc(), Timestamp::from_millis(at));
    let counter = Counter { scope: Scope::Team(name("research")), unit: Unit::Money, period, zone: Zone::utc(), window };
    let holder = Holder { instance: "gate".to_owned(), account: name(upstream) };
    LeaseWant { counter, holder, cap: 100, used: None, least: 1, slice: 5 }
}

#[test]
fn what_an_account_spends_without_a_lease_of_a_counter_counts_in_it() {
    let book = book();
    book.lease(&[want(NOW, Period::Day, "solver")]);
    book.post(vec![held(NOW, 1, "other"), held(NOW, 2, "other")]);
    let leases = book.lease(&[want(NOW, Period::Day, "solver"), want(NOW, Period::Day, "other")]);
    assert_eq!(
        leases,
        [
            Lease { used: 0, ceiling: 5, elsewhere: 20, beside: 20, ..Lease::default() },
            Lease { used: 20, ceiling: 25, elsewhere: 5, beside: 5, ..Lease::default() }
        ]
    );
}

#[test]
fn finished_holds_and_closed_windows_are_forgotten_after_ninety_days_and_their_sums_are_not() {
    let book = book();
    let old = NOW - 91 * DAY_MS;
    book.lease(&[want(old, Period::Day, "solver"), want(NOW, Period::Day, "solver")]);
    let at = Timestamp::from_millis(old);
    let settled = |number| Fact::Settled { request: request(old, number), cost: Money::from_nanos(3), assumed: false, at };
    let task = TaskId::parse(b"71").unwrap();
    let opened = |at, number| Fact::Opened { request: request(at, number), task, at: Timestamp::from_millis(at) };
    book.post(vec![held(old, 1, "solver"), opened(old, 1), settled(1), held(old, 2, "solver")]);
    let recent = NOW - 89 * DAY_MS;
    let paid = Fact::Settled { request: request(recent, 3), cost: Money::from_nanos(4), assumed: false, at };
    assert_eq!((book.count("holds"), book.count("counters"), book.count("shares")), (2, 2, 2));
    book.post(vec![held(recent, 3, "solver"), paid, held(NOW, 4, "solver")]);
    let left: Vec<i64> = run(book.store.unsettled(None, usize::MAX)).unwrap().iter().map(|row| row.at.millis()).collect();
    assert_eq!(left, [old, NOW], "what is open stays, however old");
    assert_eq!((book.count("holds"), book.count("counters"), book.count("shares")), (3, 1, 1));
    assert_eq!(run(book.store.owner(&name("solver"), task)).unwrap(), None, "a task's owner goes with its hold");
    let total = book.lease(&[want(NOW, Period::Total, "solver")]);
    assert_eq!(total, [Lease { used: 27, ceiling: 32, elsewhere: 0, ..Lease::default() }], "a total counts what is forgotten too");
}

#[test]
fn a_gate_whose_clock_is_ahead_makes_nobody_forget_what_still_counts() {
    let book = book();
    let today: i64 = book.database.ask("SELECT (extract(epoch FROM now()) * 1000)::bigint").parse().unwrap();
    book.lease(&[want(today, Period::Rolling, "solver")]);
    book.post(vec![held(today, 1, "solver")]);
    let paid = Fact::Settled { request: request(today, 1), cost: Money::from_nanos(3), assumed: false, at: Timestamp::from_millis(today) };
    book.post(vec![paid]);
    let kept = |book: &Book| (book.count("holds"), book.count("counters"), book.count("minutes"));
    let (holds, counters, minutes) = kept(&book);
    assert!(minutes > 0 && counters > 0);
    book.post(vec![held(today + 100 * DAY_MS, 2, "solver")]);
    let after = kept(&book);
    assert!(after.0 > holds && after.1 >= counters && after.2 > minutes, "{after:?} of {:?}", (holds, counters, minutes));
}

#[test]
fn a_post_forgets_a_few_at_a_time() {
    let book = book();
    let old = NOW - 100 * DAY_MS;
    let facts = (0..250_u8).flat_map(|number| {
        let at = Timestamp::from_millis(old);
        [held(old, number, "solver"), Fact::Voided { request: request(old, number), at }]
    });
    book.post(facts.collect());
    book.post(vec![held(NOW, 1, "solver")]);
    assert_eq!(book.count("holds"), 51);
    book.post(vec![held(NOW, 2, "solver")]);
    assert_eq!(book.count("holds"), 2);
}

#[test]
fn a_key_that_changes_its_team_on_a_day_has_one_row_of_its_first_team() {
    let book = book();
    let moved = match held(NOW + 1, 2, "solver") {
        Fact::Held { request, key, upstream, method, at, held, .. } => {
            Fact::Held { request, key, team: Some(name("another")), upstream, method, at, held }
        }
        fact => fact,
    };
    book.post(vec![moved, held(NOW, 1, "solver")]);
    let rows = run(book.store.usage("2026-11-23", "2026-11-23")).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].team.as_ref(), rows[0].tasks, rows[0].held.nanos()), (Some(&name("research")), 2, 20));
}

#[test]
fn an_absurd_price_fills_a_counter_up_and_breaks_nothing() {
    let book = book();
    let wants = [want(NOW, Period::Day, "solver"), want(NOW, Period::Day, "other")];
    book.lease(&wants);
    let at = Timestamp::from_millis(NOW);
    let absurd = |number| Fact::Settled { request: request(NOW, number), cost: Money::from_nanos(i64::MAX), assumed: false, at };
    book.post(vec![held(NOW, 1, "solver"), held(NOW, 2, "solver"), absurd(1), absurd(2)]);
    let leases = book.lease(&wants);
    assert_eq!(leases[0], Lease { used: i64::MAX, ceiling: i64::MAX, elsewhere: 5, beside: 5, ..Lease::default() });
    assert_eq!(leases[1], Lease { used: 0, ceiling: 0, elsewhere: i64::MAX, beside: i64::MAX, ..Lease::default() });
    let full = Lease { used: i64::MAX, ceiling: i64::MAX, elsewhere: 0, ..Lease::default() };
    let new = book.lease(&[want(NOW, Period::Month, "solver"), want(NOW, Period::Total, "solver")]);
    assert_eq!(new, [full, full]);
}
