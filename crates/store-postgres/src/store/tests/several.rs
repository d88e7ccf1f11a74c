//! Laws of a book that several gates share: what they lease never sums over a cap, and nobody writes who was fenced.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, HoldState, Holder, Lease, LeaseWant, Store, StoreError, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use super::super::PostgresStore;
use crate::stand::{Database, Server, run};

pub(super) const NOON: i64 = 1_795_435_200_000;
const DAY: i64 = 86_400_000;

/// One of the gates on a book.
pub(super) struct Gate {
    pub(super) store: Arc<PostgresStore>,
    instance: String,
    pub(super) fence: Fence,
    memory: TempDir,
}

impl Gate {
    pub(super) fn open(database: &Database<'_>, instance: &str) -> Self {
        let memory = TempDir::new().unwrap();
        let store = database.store(memory.path());
        let fence = run(store.open(instance, "boot", true)).unwrap().fence;
        Self { store, instance: instance.to_owned(), fence, memory }
    }

    fn want(&self, counter: &Counter, cap: i64, used: Option<i64>, slice: i64) -> LeaseWant {
        let holder = Holder { instance: self.instance.clone(), account: name("solver") };
        LeaseWant { counter: counter.clone(), holder, cap, used, least: 1, slice }
    }

    pub(super) async fn lease(&self, counter: &Counter, cap: i64, used: Option<i64>, slice: i64) -> Result<Lease, StoreError> {
        let wants = || vec![self.want(counter, cap, used, slice)];
        loop {
            // on a slow disk another gate may hold a counter for longer than one waits for it
            match self.store.lease(self.fence, wants()).await {
                Err(StoreError::Busy) => {}
                leases => return leases.map(|leases| leases[0]),
            }
        }
    }

    pub(super) async fn post(&self, facts: Vec<Fact>) -> Result<(), StoreError> {
        loop {
            match self.store.post(self.fence, facts.clone(), HashMap::new(), Vec::new()).await {
                Err(StoreError::Busy) => {}
                posted => return posted,
            }
        }
    }
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn request(at: i64, gate: u8, number: u8) -> RequestId {
    RequestId::new(Timestamp::from_millis(at), [gate, number, 0, 0, 0, 0, 0, 0, 0, 0])
}

pub(super) fn held(request: RequestId, at: i64, nanos: i64) -> Fact {
    Fact::Held {
        request,
        key: KeyId::from_bytes([1; 16]),
        team: Some(name("research")),
        upstream: name("solver"),
        method: "NormalCaptcha".to_owned(),
        at: Timestamp::from_millis(at),
        held: Money::from_nanos(nanos),
    }
}

/// Money of the team on the day so many days after the first.
pub(super) fn day(number: i64) -> Counter {
    let window = Period::Day.window(&Zone::utc(), Timestamp::from_millis(NOON + number * DAY));
    Counter { scope: Scope::Team(name("research")), unit: Unit::Money, period: Period::Day, zone: Zone::utc(), window }
}

pub(super) fn book() -> Database<'static> {
    Server::shared().database()
}

#[test]
fn bu_02_gates_that_lease_at_one_instant_stay_within_the_cap_together() {
    let database = book();
    let gates: Vec<Gate> = ["a", "b", "c", "d"].map(|instance| Gate::open(&database, instance)).into();
    // in each round a counter that nobody has seen yet, and one that all know
    for round in 0..25 {
        for counter in [day(round), day(-1)] {
            let ceilings: i64 = std::thread::scope(|threads| {
                let ask = |gate: &Gate| run(gate.lease(&counter, 100, Some(0), 40)).unwrap();
                let asked: Vec<_> = gates.iter().map(|gate| threads.spawn(move || ask(gate))).collect();
                asked.into_iter().map(|lease| lease.join().unwrap().ceiling).sum()
            });
            assert_eq!(ceilings, 100, "round {round}");
        }
    }
}

#[test]
fn gates_whose_clocks_differ_by_a_minute_stay_within_a_rolling_cap_together() {
    let database = book();
    let gates: Vec<Gate> = ["a", "b", "c"].map(|instance| Gate::open(&database, instance)).into();
    for round in 0..15 {
        let ask = |gate: &Gate, minutes: i64, slice: i64| {
            let at = Timestamp::from_millis(NOON + round * DAY * 2 + minutes * 60_000);
            let counter = Counter { period: Period::Rolling, window: Period::Rolling.window(&Zone::utc(), at), ..day(0) };
            run(gate.lease(&counter, 100, Some(0), slice)).unwrap().ceiling
        };
        // counters are made one after the other in any case: these are known
        gates.iter().zip([1, 0, 2]).for_each(|(gate, minutes)| assert_eq!(ask(gate, minutes, 0), 0));
        let ceilings: i64 = std::thread::scope(|threads| {
            let asked: Vec<_> = gates.iter().zip([1, 0, 2]).map(|(gate, minutes)| threads.spawn(move || ask(gate, minutes, 40))).collect();
            asked.into_iter().map(|ceiling| ceiling.join().unwrap()).sum()
        });
        assert_eq!(ceilings, 100, "round {round}");
    }
}

#[test]
fn a_slice_of_a_silent_gate_is_lent_to_nobody_until_it_comes_back() {
    let database = book();
    let (gone, other) = (Gate::open(&database, "gone"), Gate::open(&database, "other"));
    assert_eq!(run(gone.lease(&day(0), 100, None, 60)).unwrap().ceiling, 60);
    let Gate { store, memory, .. } = gone;
    drop(store);
    database.execute("UPDATE tollgate.instances SET seen = seen - interval '1 year'");
    assert_eq!(run(other.lease(&day(0), 100, None, 100)).unwrap(), Lease { used: 0, ceiling: 40, elsewhere: 60, ..Lease::default() });
    // back on another machine: what it had may have been spent
    let store = database.store(memory.path());
    let opened = run(store.open("gone", "another boot", true)).unwrap();
    assert!(opened.machine_died);
    let back = Gate { store, fence: opened.fence, instance: "gone".to_owned(), memory };
    assert_eq!(run(back.lease(&day(0), 100, None, 1)).unwrap(), Lease { used: 60, ceiling: 60, elsewhere: 40, ..Lease::default() });
}

#[test]
fn a_second_gate_of_the_same_name_gets_nothing_that_the_first_may_be_spending() {
    let database = book();
    let (first, other) = (Gate::open(&database, "gate"), Gate::open(&database, "other"));
    assert_eq!(run(first.lease(&day(0), 100, None, 60)).unwrap().ceiling, 60);
    run(other.post(Vec::new())).unwrap();
    // the same machine, and another state folder
    let second = Gate::open(&database, "gate");
    assert_eq!(run(second.lease(&day(0), 100, None, 50)).unwrap(), Lease { used: 60, ceiling: 100, elsewhere: 0, ..Lease::default() });
    assert_eq!(run(first.lease(&day(0), 100, Some(0), 60)), Err(StoreError::Fenced));
    // started again with what it remembers, it is no stranger
    let again = database.store(second.memory.path());
    assert!(!run(again.open("gate", "boot", true)).unwrap().machine_died);
}

#[test]
fn openings_of_other_instances_fence_nobody() {
    let database = book();
    let gates: Vec<Gate> = ["a", "b", "c"].map(|instance| Gate::open(&database, instance)).into();
    for (number, gate) in (0..).zip(&gates) {
        run(gate.post(vec![held(request(NOON, number, 0), NOON, 10)])).unwrap();
        run(gate.lease(&day(0), 100, None, 10)).unwrap();
    }
}

#[test]
fn an_older_opening_of_an_instance_cannot_write_wherever_it_runs() {
    let database = book();
    let older = Gate::open(&database, "gate");
    let newer = database.store(older.memory.path());
    run(newer.open("gate", "boot", true)).unwrap();
    assert_eq!(run(older.post(vec![held(request(NOON, 1, 1), NOON, 10)])), Err(StoreError::Fenced));
    assert_eq!(run(older.lease(&day(0), 100, None, 10)), Err(StoreError::Fenced));
    let back = vec![(day(0), older.want(&day(0), 0, None, 0).holder, 0)];
    assert_eq!(run(older.store.post(older.fence, Vec::new(), HashMap::new(), back)), Err(StoreError::Fenced));
    assert_eq!(database.ask("SELECT (SELECT count(*) FROM tollgate.holds) + (SELECT count(*) FROM tollgate.counters)"), "0");
}

#[test]
fn what_an_older_opening_is_writing_is_in_the_book_before_the_later_one_is_answered() {
    let database = book();
    let mut gate = Gate::open(&database, "gate");
    let later = database.store(gate.memory.path());
    for round in 1..=30 {
        let upto = HashMap::from([("lane".to_owned(), round)]);
        let (posted, opened) = std::thread::scope(|threads| {
            let posted = threads.spawn(|| run(gate.store.post(gate.fence, Vec::new(), upto, Vec::new())));
            let opened = threads.spawn(|| run(later.open("gate", "boot", true)));
            (posted.join().unwrap(), opened.join().unwrap().unwrap())
        });
        let told = opened.replay_from.get("lane") == Some(&round);
        assert!(if told { posted == Ok(()) } else { posted == Err(StoreError::Fenced) }, "round {round}: {posted:?}, {opened:?}");
        gate.fence = opened.fence;
    }
}

#[test]
fn lanes_of_one_name_are_each_gates_own() {
    let database = book();
    let gates = [Gate::open(&database, "a"), Gate::open(&database, "b")];
    for (gate, number) in gates.iter().zip([7, 3]) {
        let upto = HashMap::from([("w0".to_owned(), number)]);
        run(gate.store.post(gate.fence, Vec::new(), upto.clone(), Vec::new())).unwrap();
        assert_eq!(run(gate.store.replay_from(&gate.instance)).unwrap(), upto);
        assert_eq!(run(gate.store.open(&gate.instance, "boot", true)).unwrap().replay_from, upto);
    }
}

#[test]
fn open_holds_are_told_to_the_gate_that_took_them_and_a_tasks_owner_to_all() {
    let database = book();
    let (a, b) = (Gate::open(&database, "a"), Gate::open(&database, "b"));
    let task = TaskId::parse(b"71").unwrap();
    let at = Timestamp::from_millis(NOON);
    run(a.post(vec![held(request(NOON, 1, 1), NOON, 10), Fact::Opened { request: request(NOON, 1, 1), task, at }])).unwrap();
    assert_eq!(run(a.store.unsettled(None, usize::MAX)).unwrap().len(), 1);
    assert_eq!(run(b.store.unsettled(None, usize::MAX)).unwrap(), []);
    let row = run(b.store.owner(&name("solver"), task)).unwrap().unwrap();
    assert_eq!((row.request, row.state), (request(NOON, 1, 1), HoldState::Open));
}

#[test]
fn a_hold_that_another_gate_settles_counts_for_the_one_that_took_it() {
    let database = book();
    let (a, b) = (Gate::open(&database, "a"), Gate::open(&database, "b"));
    run(a.lease(&day(0), 100, None, 50)).unwrap();
    run(b.lease(&day(0), 100, None, 50)).unwrap();
    let hold = request(NOON, 1, 1);
    run(a.post(vec![held(hold, NOON, 30)])).unwrap();
    let settled = Fact::Settled { request: hold, cost: Money::from_nanos(4), assumed: false, at: Timestamp::from_millis(NOON) };
    run(b.post(vec![settled.clone()])).unwrap();
    run(a.post(vec![settled])).unwrap();
    assert_eq!(run(a.lease(&day(0), 100, None, 0)).unwrap(), Lease { used: 4, ceiling: 4, elsewhere: 50, ..Lease::default() });
    assert_eq!(run(b.lease(&day(0), 100, None, 0)).unwrap(), Lease { used: 0, ceiling: 0, elsewhere: 4, ..Lease::default() });
    let usage = run(b.store.usage("2026-11-23", "2026-11-23")).unwrap();
    assert_eq!((usage.len(), usage[0].tasks, usage[0].settled.nanos(), usage[0].held.nanos()), (1, 1, 4, 0));
}

#[test]
fn a_counter_that_is_made_while_gates_post_misses_nothing() {
    let database = book();
    let gates: Vec<Gate> = ["a", "b", "c"].map(|instance| Gate::open(&database, instance)).into();
    let (rounds, each) = (20_u8, 5_u8);
    std::thread::scope(|threads| {
        for (who, gate) in (0..).zip(&gates) {
            threads.spawn(move || {
                for round in 0..rounds {
                    let facts = |number| held(request(NOON, who, round * each + number), NOON, 1);
                    run(gate.post((0..each).map(facts).collect())).unwrap();
                    // each round makes counters of its own, and of the day that is posted to
                    run(gate.lease(&Counter { zone: Zone::parse("Europe/Berlin").unwrap(), ..day(i64::from(round)) }, 10_000, None, 0))
                        .unwrap();
                    if round == 3 * who {
                        run(gate.lease(&day(0), 10_000, None, 0)).unwrap();
                    }
                }
            });
        }
    });
    let all = i64::from(rounds) * i64::from(each);
    for gate in &gates {
        let lease = run(gate.lease(&day(0), 10_000, None, 0)).unwrap();
        assert_eq!(lease, Lease { used: all, ceiling: all, elsewhere: 2 * all, ..Lease::default() });
    }
    let total = Counter { period: Period::Total, window: Period::Total.window(&Zone::utc(), Timestamp::from_millis(NOON)), ..day(0) };
    assert_eq!(
        run(gates[1].lease(&total, 10_000, None, 0)).unwrap(),
        Lease { used: all, ceiling: all, elsewhere: 2 * all, ..Lease::default() }
    );
}

#[test]
fn a_gate_that_stands_still_with_a_counter_in_its_hand_makes_others_busy_not_wrong() {
    let database = book();
    let gate = Gate::open(&database, "gate");
    run(gate.lease(&day(0), 100, None, 10)).unwrap();
    run(async {
        let (client, connection) = database.server.config(&database.name).connect(tokio_postgres::NoTls).await.unwrap();
        let stands = async {
            client.batch_execute("BEGIN; SELECT FROM tollgate.counters FOR UPDATE").await.unwrap();
            let wants = vec![gate.want(&day(0), 100, Some(0), 20)];
            assert_eq!(gate.store.lease(gate.fence, wants).await, Err(StoreError::Busy));
            client.batch_execute("ROLLBACK").await.unwrap();
            assert_eq!(gate.lease(&day(0), 100, Some(0), 20).await, Ok(Lease { used: 0, ceiling: 20, elsewhere: 0, ..Lease::default() }));
        };
        tokio::select! {
            ended = connection => panic!("the server went away: {ended:?}"),
            () = stands => {}
        }
    });
}
