//! What the laws cannot see from outside: what is forgotten, and where spent money is booked that nobody leased.

use std::collections::HashMap;

use rusqlite::Connection;
use tollgate_books::{Counter, Fact, Fence, HoldState, Holder, Lease, LeaseWant, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

const NOW: i64 = 1_795_424_400_000;
const DAY_MS: i64 = 86_400_000;

fn book() -> (Connection, Fence) {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../migrations/0001_book_and_registry.sql")).unwrap();
    conn.execute_batch(include_str!("../../migrations/0002_sums_by_minute.sql")).unwrap();
    conn.execute_batch(include_str!("../../migrations/0003_busy.sql")).unwrap();
    conn.pragma_update(None, "foreign_keys", true).unwrap();
    let fence = super::open(&conn, "gate", "boot", true).unwrap().fence;
    (conn, fence)
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

fn post(conn: &Connection, fence: Fence, facts: Vec<Fact>) {
    super::post(conn, fence, facts, HashMap::new(), &[]).unwrap();
}

fn count(conn: &Connection, table: &str) -> i64 {
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn what_an_account_spends_without_a_lease_of_a_counter_counts_in_it() {
    let (conn, fence) = book();
    super::lease(&conn, fence, &[want(NOW, Period::Day, "solver")]).unwrap();
    post(&conn, fence, vec![held(NOW, 1, "other"), held(NOW, 2, "other")]);
    let leases = super::lease(&conn, fence, &[want(NOW, Period::Day, "solver"), want(NOW, Period::Day, "other")]).unwrap();
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
    let (conn, fence) = book();
    let old = NOW - 91 * DAY_MS;
    super::lease(&conn, fence, &[want(old, Period::Day, "solver"), want(NOW, Period::Day, "solver")]).unwrap();
    let at = Timestamp::from_millis(old);
    let settled = |number| Fact::Settled { request: request(old, number), cost: Money::from_nanos(3), assumed: false, at };
    let task = TaskId::parse(b"71").unwrap();
    let opened = |at, number| Fact::Opened { request: request(at, number), task, at: Timestamp::from_millis(at) };
    post(&conn, fence, vec![held(old, 1, "solver"), opened(old, 1), settled(1), held(old, 2, "solver")]);
    let recent = NOW - 89 * DAY_MS;
    let paid = Fact::Settled { request: request(recent, 3), cost: Money::from_nanos(4), assumed: false, at };
    assert_eq!((count(&conn, "holds"), count(&conn, "counters"), count(&conn, "shares")), (2, 2, 2));
    post(&conn, fence, vec![held(recent, 3, "solver"), paid, held(NOW, 4, "solver")]);
    let left: Vec<i64> = super::unsettled(&conn, None, usize::MAX).unwrap().iter().map(|row| row.at.millis()).collect();
    assert_eq!(left, [old, NOW], "what is open stays, however old");
    assert_eq!((count(&conn, "holds"), count(&conn, "counters"), count(&conn, "shares")), (3, 1, 1));
    assert_eq!(super::owner(&conn, &name("solver"), task).unwrap(), None, "a task's owner goes with its hold");
    let total = super::lease(&conn, fence, &[want(NOW, Period::Total, "solver")]).unwrap();
    assert_eq!(total, [Lease { used: 27, ceiling: 32, elsewhere: 0, ..Lease::default() }], "a total counts what is forgotten too");
}

#[test]
fn a_post_forgets_a_few_at_a_time() {
    let (conn, fence) = book();
    let old = NOW - 100 * DAY_MS;
    let facts = (0..250_u8).flat_map(|number| {
        let at = Timestamp::from_millis(old);
        [held(old, number, "solver"), Fact::Voided { request: request(old, number), at }]
    });
    post(&conn, fence, facts.collect());
    post(&conn, fence, vec![held(NOW, 1, "solver")]);
    assert_eq!(count(&conn, "holds"), 51);
    post(&conn, fence, vec![held(NOW, 2, "solver")]);
    assert_eq!(count(&conn, "holds"), 2);
}

#[test]
fn a_key_that_changes_its_team_on_a_day_has_one_row_of_its_first_team() {
    let (conn, fence) = book();
    let moved = match held(NOW + 1, 2, "solver") {
        Fact::Held { request, key, upstream, method, at, held, .. } => {
            Fact::Held { request, key, team: Some(name("another")), upstream, method, at, held }
        }
        fact => fact,
    };
    post(&conn, fence, vec![moved, held(NOW, 1, "solver")]);
    let rows = super::usage(&conn, "2026-11-23", "2026-11-23").unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].team.as_ref(), rows[0].tasks, rows[0].held.nanos()), (Some(&name("research")), 2, 20));
}

#[test]
fn an_absurd_price_fills_a_counter_up_and_breaks_nothing() {
    let (conn, fence) = book();
    let wants = [want(NOW, Period::Day, "solver"), want(NOW, Period::Day, "other")];
    super::lease(&conn, fence, &wants).unwrap();
    let at = Timestamp::from_millis(NOW);
    let absurd = |number| Fact::Settled { request: request(NOW, number), cost: Money::from_nanos(i64::MAX), assumed: false, at };
    post(&conn, fence, vec![held(NOW, 1, "solver"), held(NOW, 2, "solver"), absurd(1), absurd(2)]);
    let leases = super::lease(&conn, fence, &wants).unwrap();
    assert_eq!(leases[0], Lease { used: i64::MAX, ceiling: i64::MAX, elsewhere: 5, beside: 5, ..Lease::default() });
    assert_eq!(leases[1], Lease { used: 0, ceiling: 0, elsewhere: i64::MAX, beside: i64::MAX, ..Lease::default() });
    let full = Lease { used: i64::MAX, ceiling: i64::MAX, elsewhere: 0, ..Lease::default() };
    let new = super::lease(&conn, fence, &[want(NOW, Period::Month, "solver"), want(NOW, Period::Total, "solver")]).unwrap();
    assert_eq!(new, [full, full]);
}

#[test]
fn sums_of_old_minutes_are_folded_into_their_day_and_say_the_same() {
    let (conn, fence) = book();
    let old = NOW - 50 * DAY_MS;
    let facts = (0..250_i64).map(|number| held(old + number * 17 * 60_000, u8::try_from(number).unwrap(), "solver"));
    post(&conn, fence, facts.collect());
    let report = |conn: &Connection| super::usage(conn, "2026-09-01", "2026-12-31").unwrap();
    let (before, rows) = (report(&conn), count(&conn, "sums"));
    for second in 0..3 {
        post(&conn, fence, vec![held(NOW + second, 255, "other")]);
    }
    let after: Vec<_> = report(&conn).into_iter().filter(|row| row.upstream == name("solver")).collect();
    assert_eq!(after, before);
    assert!(rows > 200 && count(&conn, "sums") < 10, "{rows} rows, then {}", count(&conn, "sums"));
    let wants = [want(old, Period::Day, "solver"), want(NOW, Period::Total, "solver")];
    let leases = super::lease(&conn, fence, &wants).unwrap();
    assert_eq!(leases[1].used, 2_500);
}

#[test]
fn a_book_of_the_first_schema_says_the_same_in_the_second() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../migrations/0001_book_and_registry.sql")).unwrap();
    let (key, team, solver) = ([1_u8; 16], "research", "solver");
    for (number, state, settled) in [(1_u8, "open", None), (2, "unknown", None), (3, "settled", Some(25_i64)), (4, "voided", None)] {
        let sql = "INSERT INTO holds VALUES (?, ?, ?, ?, 'NormalCaptcha', ?, 10, ?, ?, ?)";
        let at = NOW + i64::from(number) * 20 * 60_000;
        let request = request(at, number);
        let values = (request.as_bytes(), key, team, solver, at, settled, format!("7{number}"), state);
        conn.execute(sql, values).unwrap();
    }
    // the day counts one task more than there are holds, and a day before has no hold any more
    for (day, tasks, settled) in [("2026-11-23", 4, 125), ("2026-01-02", 3, 30)] {
        let sql = "INSERT INTO usage VALUES (?, ?, 'NormalCaptcha', ?, ?, ?, ?, ?, ?, ?, 15)";
        let open = if tasks == 4 { 10 } else { 0 };
        conn.execute(sql, (key, solver, day, team, request(0, 9).as_bytes(), tasks, settled, open, open)).unwrap();
    }
    conn.execute_batch(include_str!("../../migrations/0002_sums_by_minute.sql")).unwrap();
    conn.execute_batch(include_str!("../../migrations/0003_busy.sql")).unwrap();
    let told = super::usage(&conn, "2026-01-02", "2026-11-23").unwrap();
    let told: Vec<_> = told.iter().map(|row| (&*row.day, row.tasks, row.settled.nanos(), row.held.nanos(), row.unknown.nanos())).collect();
    assert_eq!(told, [("2026-01-02", 3, 30, 0, 0), ("2026-11-23", 4, 125, 10, 10)]);
    let unsettled: Vec<_> = super::unsettled(&conn, None, usize::MAX).unwrap().iter().map(|row| row.state).collect();
    assert_eq!(unsettled, [HoldState::Open, HoldState::Unknown]);
    let owner = super::owner(&conn, &name(solver), TaskId::parse(b"73").unwrap()).unwrap().unwrap();
    assert_eq!((owner.state, owner.settled), (HoldState::Settled, Some(Money::from_nanos(25))));
    let fence = super::open(&conn, "gate", "boot", true).unwrap().fence;
    let leases = super::lease(&conn, fence, &[want(NOW, Period::Day, solver), want(NOW, Period::Total, solver)]).unwrap();
    assert_eq!((leases[0].used, leases[1].used), (145, 175));
}
