//! A copy is whole or it is none; whose database it is not, is not touched.

use std::collections::HashMap;

use tempfile::TempDir;
use tollgate_books::stock::{CounterRow, DayRow, MinuteRow, Opening, ShareRow};
use tollgate_books::{Counter, HoldRow, HoldState, Holder, LeaseWant, Store, Unit};
use tollgate_model::{CredentialHash, KeyId, Money, Name, Pepper, Period, RequestId, Scope, TaskId, Timestamp, Zone};
use tollgate_registry::{KeyRecord, KeyRow, KeyTerms, RegistryStore, StoredSecret, TeamRecord, TeamTerms};

use super::*;
use crate::stand::{Database, Server, run};

const NOON: i64 = 1_795_435_200_000;

/// A book of a few holds, which may be read wrongly.
struct Few {
    holds: Vec<HoldRow>,
    /// Weighed one too heavy.
    heavy: Option<Measure>,
    /// Ends before the last hold.
    breaks: bool,
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn counter() -> Counter {
    let (at, zone) = (Timestamp::from_millis(NOON), Zone::utc());
    let window = Period::Day.window(&zone, at);
    Counter { scope: Scope::Key(KeyId::from_bytes([1; 16])), unit: Unit::Money, period: Period::Day, zone, window }
}

impl Few {
    fn new() -> Self {
        let hold = |number: u8, state, settled: Option<i64>| HoldRow {
            request: RequestId::new(Timestamp::from_millis(NOON), [number; 10]),
            key: KeyId::from_bytes([1; 16]),
            team: Some(name("research")),
            upstream: name("solver"),
            method: "userrecaptcha".to_owned(),
            at: Timestamp::from_millis(NOON),
            held: Money::from_nanos(100),
            settled: settled.map(Money::from_nanos),
            task: TaskId::parse(format!("700000{number}").as_bytes()).ok(),
            state,
        };
        let holds = vec![
            hold(1, HoldState::Settled, Some(90)),
            hold(2, HoldState::Open, None),
            hold(3, HoldState::Unknown, None),
            hold(4, HoldState::Voided, None),
        ];
        Self { holds, heavy: None, breaks: false }
    }

    fn sum(&self, of: impl Fn(&HoldRow) -> i64) -> i128 {
        self.holds.iter().map(|hold| i128::from(of(hold))).sum()
    }
}

impl Stock for Few {
    fn opening(&mut self) -> Result<Option<Opening>, StoreError> {
        let lanes = HashMap::from([("lane".to_owned(), 7)]);
        Ok(Some(Opening { instance: "gate".to_owned(), boot: "boot".to_owned(), lanes }))
    }

    fn holds(&mut self, behind: Option<RequestId>, _most: usize) -> Result<Vec<HoldRow>, StoreError> {
        // one at a time: a copy asks until there is none
        let next: Vec<HoldRow> =
            self.holds.iter().filter(|hold| behind.is_none_or(|behind| hold.request > behind)).take(1).cloned().collect();
        if self.breaks && next.first().is_some_and(|next| Some(next.request) == self.holds.last().map(|last| last.request)) {
            return Err(StoreError::Down("the disk is gone".to_owned()));
        }
        Ok(next)
    }

    fn counters(&mut self) -> Result<Vec<CounterRow>, StoreError> {
        let window = counter().window;
        let share = |instance: &str, posted, stranded, ceiling| ShareRow {
            instance: instance.to_owned(),
            account: "solver".to_owned(),
            posted,
            stranded,
            ceiling,
            died: false,
        };
        Ok(vec![CounterRow {
            scope: format!("key {}", KeyId::from_bytes([1; 16])),
            unit: Unit::Money,
            period: Period::Day.as_str().to_owned(),
            zone: "UTC".to_owned(),
            starts: window.start.millis(),
            ends: window.end.millis(),
            shares: vec![share("gate", 290, 10, 400), share("another", 0, 0, 50)],
        }])
    }

    fn days(&mut self) -> Result<Vec<DayRow>, StoreError> {
        Ok(vec![DayRow {
            key: KeyId::from_bytes([1; 16]),
            upstream: "solver".to_owned(),
            method: "userrecaptcha".to_owned(),
            day: "2026-11-23".to_owned(),
            team: "research".to_owned(),
            first: self.holds[0].request,
            tasks: 3,
            settled: 90,
            held: 100,
            unknown: 100,
            excess: 0,
            busy: 1_000,
        }])
    }

    fn minutes(&mut self) -> Result<Vec<MinuteRow>, StoreError> {
        Ok(vec![MinuteRow { scope: "team research".to_owned(), minute: NOON / 60_000, tasks: 3, money: 290 }])
    }

    fn weigh(&mut self, measure: Measure) -> Result<i128, StoreError> {
        let true_weight = match measure {
            Measure::Keys
            | Measure::Secrets
            | Measure::Teams
            | Measure::Open
            | Measure::Unknown
            | Measure::Counters
            | Measure::Minutes
            | Measure::Lanes => 1,
            Measure::Revoked | Measure::UsedExcess | Measure::Died => 0,
            Measure::Holds => self.sum(|_| 1),
            Measure::Owned => 4,
            Measure::Held => self.sum(|hold| hold.held.nanos()),
            Measure::Settled | Measure::UsedSettled => 90,
            Measure::Versions | Measure::UsedTasks | Measure::MinuteTasks => 3,
            Measure::UsedHeld | Measure::UsedUnknown => 100,
            Measure::Busy => 1_000,
            Measure::Shares => 2,
            Measure::Posted | Measure::MinuteMoney => 290,
            Measure::Stranded => 10,
            Measure::Ceilings => 450,
            Measure::Lines => 7,
        };
        Ok(true_weight + i128::from(self.heavy == Some(measure)))
    }
}

fn whole() -> Whole {
    let at = Timestamp::from_millis(NOON);
    let secret = StoredSecret { hash: CredentialHash::from_bytes([9; 32]), hint: "4aB9".to_owned(), created: at, expires: None };
    let record = KeyRecord {
        id: KeyId::from_bytes([1; 16]),
        name: name("one"),
        upstream: name("solver"),
        terms: KeyTerms::default(),
        secrets: vec![secret],
        paused: None,
        revoked: None,
        created: at,
        version: 2,
    };
    let team = TeamRecord { name: name("research"), terms: TeamTerms::default(), paused: None, created: at, version: 1 };
    Whole {
        pepper: Some(Pepper::new([7; 32])),
        mark: Some(CredentialHash::from_bytes([8; 32])),
        generation: 2,
        keys: vec![KeyRow { record, last_used: at.plus_millis(5) }],
        teams: vec![team],
    }
}

/// A database, and the state folder of the gate that is to spend from it.
struct Scene {
    database: Database<'static>,
    gate: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { database: Server::shared().database(), gate: TempDir::new().unwrap() }
    }

    fn with<T>(&self, work: impl FnOnce(&Settings<'_>) -> T) -> T {
        let url = self.database.url();
        work(&Settings { url: &url, password: None, roots: &[], memory: self.gate.path().join("book.seen"), accept: false })
    }

    fn copy(&self, stock: &mut Few) -> Result<String, CopyError> {
        self.with(|settings| copy(settings, "gate-1", &whole(), stock))
    }

    fn is_untouched(&self) -> bool {
        let tables = ["keys", "secrets", "teams", "instances", "lanes", "holds", "counters", "shares", "usage", "minutes"];
        let rows = tables.map(|table| format!("(SELECT count(*) FROM tollgate.{table})")).join(" + ");
        let rows = self.database.ask(&format!("SELECT {rows}"));
        rows == "0" && !self.gate.path().join("book.seen").exists() && self.with(look).is_ok()
    }
}

#[test]
fn a_gate_goes_on_from_the_copy_where_it_was() {
    let scene = Scene::new();
    assert!(scene.copy(&mut Few::new()).unwrap().starts_with("127.0.0.1:"));
    let store = scene.database.store(scene.gate.path());
    run(async {
        let opened = store.open("gate-1", "boot", true).await.unwrap();
        assert!(!opened.machine_died, "the machine lives");
        assert_eq!(opened.replay_from, HashMap::from([("lane".to_owned(), 7)]));
        let loaded = store.load(Pepper::new([0; 32])).await.unwrap();
        assert_eq!((loaded.pepper.expose(), loaded.generation), (&[7; 32], 2));
        assert_eq!((loaded.keys, loaded.teams), (whole().keys, whole().teams));
        assert_eq!(store.mark(CredentialHash::from_bytes([0; 32])).await, Ok(CredentialHash::from_bytes([8; 32])));
        let holds = Few::new().holds;
        assert_eq!(store.unsettled(None, 10).await.unwrap(), holds[1..3]);
        assert_eq!(store.owner(&name("solver"), holds[0].task.unwrap()).await.unwrap(), Some(holds[0].clone()));
        let used = store.usage("2026-11-23", "2026-11-23").await.unwrap();
        assert_eq!((used.len(), used[0].tasks, used[0].settled.nanos(), used[0].busy_ms), (1, 3, 90, 1_000));
        // what was posted and what was lost with a machine count; another's slice is not touched
        let holder = Holder { instance: "gate-1".to_owned(), account: name("solver") };
        let want = LeaseWant { counter: counter(), holder, cap: 1_000, used: None, least: 1, slice: 1_000 };
        let lease = store.lease(opened.fence, vec![want]).await.unwrap()[0];
        assert_eq!((lease.used, lease.elsewhere, lease.ceiling), (300, 50, 950));
    });
}

#[test]
fn what_weighs_otherwise_than_its_source_is_not_kept_whatever_it_is() {
    let scene = Scene::new();
    for measure in Measure::ALL {
        let said = scene.copy(&mut Few { heavy: Some(measure), ..Few::new() }).unwrap_err().to_string();
        assert!(said.starts_with(measure.words()) && said.contains("nothing was kept"), "{said}");
        assert!(scene.is_untouched(), "{said}");
    }
    scene.copy(&mut Few::new()).unwrap();
}

#[test]
fn a_source_that_ends_halfway_leaves_nothing() {
    let scene = Scene::new();
    let said = scene.copy(&mut Few { breaks: true, ..Few::new() }).unwrap_err().to_string();
    assert_eq!(said, "what is to be copied cannot be read: the book cannot be written: the disk is gone");
    assert!(scene.is_untouched());
}

#[test]
fn a_database_in_which_there_is_anything_is_refused_and_stays_as_it_was() {
    for written in [
        "UPDATE tollgate.meta SET pepper = decode(repeat('00', 32), 'hex')",
        "UPDATE tollgate.meta SET generation = 1",
        "INSERT INTO tollgate.instances VALUES ('other', 'boot', 1, 1, now())",
        "INSERT INTO tollgate.teams VALUES ('research', '{}', NULL, NULL, 1, 1)",
        "INSERT INTO tollgate.minutes VALUES ('team research', 1, 1, 1)",
    ] {
        let scene = Scene::new();
        drop(scene.database.store(TempDir::new().unwrap().path()));
        assert!(scene.with(look).is_ok(), "a schema that was just made is empty");
        scene.database.execute(written);
        for refused in [scene.with(look), scene.copy(&mut Few::new())] {
            assert!(matches!(refused, Err(CopyError::NotEmpty { .. })), "{written}: {refused:?}");
        }
        assert_eq!(scene.database.ask("SELECT count(*) FROM tollgate.holds"), "0");
    }
}

#[test]
fn a_state_folder_whose_gate_has_spent_from_another_book_is_refused() {
    let (before, scene) = (Server::shared().database(), Scene::new());
    let store = before.store(scene.gate.path());
    run(store.open("gate-1", "boot", true)).unwrap();
    drop(store);
    let said = scene.copy(&mut Few::new()).unwrap_err().to_string();
    assert!(said.starts_with("this state folder's gate has spent from a shared book before"), "{said}");
    assert_eq!(scene.database.ask("SELECT count(*) FROM tollgate.keys"), "0");
}

#[test]
fn a_copy_waits_for_no_gate_that_begins_and_no_gate_begins_in_it() {
    let scene = Scene::new();
    drop(scene.database.store(TempDir::new().unwrap().path()));
    let holding = "BEGIN; UPDATE tollgate.meta SET fence = fence; SELECT pg_sleep(4); COMMIT";
    let said = std::thread::scope(|threads| {
        threads.spawn(|| scene.database.execute(holding));
        std::thread::sleep(std::time::Duration::from_millis(500));
        scene.copy(&mut Few::new()).unwrap_err().to_string()
    });
    assert!(said.contains("ended before it was whole, and nothing was kept") && said.ends_with("; repeat it"), "{said}");
    assert!(scene.is_untouched());
}
