use std::sync::Arc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tollgate_books::{Ask, Late, Paced, Rates, Share, Taken, Token};
use tollgate_model::{KeyId, Mono, Name, Now, Rate, Scope, Secret, Timestamp};

use crate::stand::Server;
use crate::{Clock, RedisRates, Settings, Topology, Trouble};

mod away;
mod doors;
mod names;
mod together;
mod topologies;

static BEGAN: LazyLock<Instant> = LazyLock::new(now);

#[expect(clippy::disallowed_methods, reason = "a test measures how long something takes")]
fn now() -> Instant {
    Instant::now()
}

/// The clock of every gate here.
fn clock() -> Clock {
    Arc::new(|| {
        let mono = Mono::from_nanos(u64::try_from(BEGAN.elapsed().as_nanos()).unwrap() + 1);
        Now { wall: Timestamp::from_millis(0), mono }
    })
}

fn settings(port: u16, instance: &str) -> Settings {
    Settings {
        topology: Topology::Single,
        hosts: vec![("127.0.0.1".to_owned(), port)],
        database: 0,
        user: None,
        password: None,
        insecure: false,
        tls: None,
        book: "0190-book".to_owned(),
        instance: Name::parse(instance).unwrap(),
        gates: 3,
    }
}

fn open(settings: Settings) -> Result<Arc<RedisRates>, Trouble> {
    RedisRates::open(settings, &[account()], &clock())
}

fn account() -> Name {
    Name::parse("provider").unwrap()
}

fn gates(port: u16, count: usize) -> Vec<Arc<RedisRates>> {
    (0..count).map(|number| open(settings(port, &format!("gate-{number}"))).unwrap()).collect()
}

fn own(per_minute: u32, burst: u32) -> Arc<Paced> {
    Arc::new(Paced::new(Scope::Key(KeyId::from_bytes([7; 16])), Rate { per_minute, burst }))
}

fn of_account(per_minute: u32, burst: u32) -> Arc<Paced> {
    Arc::new(Paced::new(Scope::Upstream(account()), Rate { per_minute, burst }))
}

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Taken,
    WouldBeLate(usize),
    Refused(Late),
    Away(Share),
}

/// Asks as somebody who is told nothing beforehand; what is taken stays taken.
async fn take(rates: &RedisRates, paced: &[Arc<Paced>]) -> Came {
    let (came, token) = ask(rates, &account(), paced, false).await;
    keep(token);
    came
}

async fn ask(rates: &RedisRates, upstream: &Name, paced: &[Arc<Paced>], observed: bool) -> (Came, Option<Token>) {
    match rates.take(Ask { upstream, paced, observed, now: clock()().mono }).await {
        Taken::All(token, None) => (Came::Taken, Some(token)),
        Taken::All(token, Some(late)) => (Came::WouldBeLate(late.which), Some(token)),
        Taken::None(late) => (Came::Refused(late), None),
        Taken::Away(share) => (Came::Away(share), None),
    }
}

/// As a call does that is sent.
fn keep(token: Option<Token>) {
    std::mem::forget(token);
}

/// Asks until it comes to this.
async fn until(rates: &RedisRates, paced: &[Arc<Paced>], within: Duration, comes: impl Fn(Came) -> bool) -> Duration {
    let began = now();
    loop {
        let came = take(rates, paced).await;
        if comes(came) {
            return began.elapsed();
        }
        assert!(began.elapsed() < within, "still {came:?} after {:?}: {:?}", began.elapsed(), rates.troubles());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Until the rates have begun and the burst is whole.
async fn filled(rates: &RedisRates, paced: &[Arc<Paced>]) {
    let longest = paced.iter().map(|paced| u64::from(paced.rate.burst) * 60_000 / u64::from(paced.rate.per_minute)).max().unwrap();
    until(rates, paced, Duration::from_secs(5), |came| came == Came::Taken).await;
    tokio::time::sleep(Duration::from_millis(longest + 50)).await;
}

fn is_counted(came: Came) -> bool {
    matches!(came, Came::Taken | Came::Refused(_))
}
