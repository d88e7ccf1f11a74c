//! Is it the same as the reference? Random lives of a book, told to both; every answer compared.

use std::collections::HashMap;

use tempfile::TempDir;
use tollgate_books::memory::MemoryStore;
use tollgate_books::{Counter, Fact, Fence, Holder, LeaseWant, Store, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use crate::stand::{Server, run};

const LIVES: u64 = 12;
const STEPS: usize = 60;
const NOON: i64 = 1_795_435_200_000;
const HOUR: i64 = 3_600_000;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % sides
    }

    pub(super) fn amount(&mut self, below: u64) -> i64 {
        i64::try_from(self.roll(below)).unwrap()
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()].clone()
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn accounts() -> [Name; 2] {
    [name("solver"), name("other")]
}

fn counters() -> Vec<Counter> {
    let scopes = [Scope::Key(KeyId::from_bytes([1; 16])), Scope::Team(name("research")), Scope::Upstream(name("solver"))];
    let zones = [Zone::utc(), Zone::parse("America/New_York").unwrap()];
    let mut counters = Vec::new();
    for (scope, zone) in scopes.iter().zip([&zones[0], &zones[1], &zones[0]]) {
        for (unit, period) in [(Unit::Money, Period::Day), (Unit::Tasks, Period::Month), (Unit::Money, Period::Total)] {
            let window = period.window(zone, Timestamp::from_millis(NOON));
            counters.push(Counter { scope: scope.clone(), unit, period, zone: zone.clone(), window });
        }
    }
    counters
}

/// A fact about one of thirty holds, the same hold always told in the same words.
fn fact(dice: &mut Dice) -> Fact {
    let number = u8::try_from(dice.roll(30)).unwrap();
    let at = Timestamp::from_millis(NOON + HOUR * (i64::from(number) - 20));
    let request = RequestId::new(at, [number; 10]);
    match dice.roll(8) {
        0..=3 => Fact::Held {
            request,
            key: KeyId::from_bytes([1 + number % 2; 16]),
            team: (number % 2 > 0).then(|| name("research")),
            upstream: accounts()[usize::from(number % 5 == 0)].clone(),
            method: if number % 7 == 0 { "HCaptcha" } else { "NormalCaptcha" }.to_owned(),
            at,
            held: Money::from_nanos(100 + i64::from(number)),
        },
        4 => Fact::Opened { request, task: task(dice), at },
        5 => Fact::Settled { request, cost: Money::from_nanos(dice.amount(200)), assumed: false, at },
        6 => Fact::Voided { request, at },
        _ => Fact::Unknown { request, at },
    }
}

fn task(dice: &mut Dice) -> TaskId {
    TaskId::parse(format!("{}", dice.roll(6)).as_bytes()).unwrap()
}

/// One counter, wanted for every account: so each has a share, and the reference books all of its holds.
fn wants(dice: &mut Dice, counter: &Counter) -> Vec<LeaseWant> {
    let want = |account: Name| LeaseWant {
        counter: counter.clone(),
        holder: Holder { instance: "gate".to_owned(), account },
        cap: 500 + dice.amount(3000),
        used: (dice.roll(2) == 0).then(|| dice.amount(800)),
        least: 1,
        slice: dice.amount(400),
    };
    accounts().map(want).into()
}

async fn step(dice: &mut Dice, fences: &mut [Fence; 2], boot: &mut u64, stores: [&dyn Store; 2]) -> [String; 2] {
    let mut answers = Vec::new();
    let act = dice.roll(8);
    let (facts, counter): (Vec<Fact>, Counter) = ((0..dice.roll(12)).map(|_| fact(dice)).collect(), dice.pick(&counters()));
    let wants = wants(dice, &counter);
    let given: Vec<_> = (0..dice.roll(3))
        .map(|_| (counter.clone(), Holder { instance: "gate".to_owned(), account: dice.pick(&accounts()) }, dice.amount(900)))
        .collect();
    let upto = HashMap::from([(format!("w{}", dice.roll(2)), dice.roll(100))]);
    let (whole, asked) = (dice.roll(4) > 0, task(dice));
    *boot += u64::from(act == 7 && dice.roll(2) == 0);
    for (store, fence) in stores.into_iter().zip(fences) {
        answers.push(match act {
            0..=2 => format!("{:?}", store.post(*fence, facts.clone(), upto.clone(), given.clone()).await),
            3..=4 => format!("{:?}", store.lease(*fence, wants.clone()).await),
            5 => format!("{:?}", store.usage("2026-11-22", "2026-11-23").await),
            6 => format!("{:?} {:?}", store.owner(&accounts()[0], asked).await, store.unsettled(None, usize::MAX).await),
            _ => {
                let opened = store.open("gate", &format!("boot-{boot}"), whole).await.unwrap();
                *fence = opened.fence;
                let lanes: std::collections::BTreeMap<_, _> = opened.replay_from.into_iter().collect();
                format!("{:?} {lanes:?} {}", opened.fence, opened.machine_died)
            }
        });
    }
    answers.try_into().unwrap()
}

#[test]
fn every_answer_is_the_references() {
    for life in 0..LIVES {
        let folder = TempDir::new().unwrap();
        let (memory, postgres) = (MemoryStore::default(), Server::shared().database().store(folder.path()));
        let (mut dice, mut fences, mut boot) = (Dice(life), [Fence(0); 2], 0);
        run(async {
            for (fence, store) in fences.iter_mut().zip([&memory as &dyn Store, &*postgres]) {
                *fence = store.open("gate", "boot-0", true).await.unwrap().fence;
            }
            for at in 0..STEPS {
                let [expected, found] = step(&mut dice, &mut fences, &mut boot, [&memory, &*postgres]).await;
                assert!(found == expected, "life {life}, step {at}:\n{found}\ninstead of\n{expected}");
            }
        });
    }
}
