//! The shared counter behind the books' port: one round trip for all rates of a call, and this gate's share while there is none.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tollgate_books::{Ask, Late, Paced, Rates, Taken, Token};
use tollgate_model::Name;

use crate::keeper::Keeper;
use crate::link::{Dialler, Settings};
use crate::script::{Given, TAKE, Told, Verdict};
use crate::trouble::Trouble;
use crate::way::{Clock, DEADLINE, Standing, Way};

/// A call that the server comes to later than this is not counted: nobody waits for it.
const STALE_MS: u64 = 100;
/// What the moment between two counts is told to wait.
const MOMENT_NS: u64 = 100_000_000;
/// What may wait to be given back; what has no place is less for everybody, never more.
const QUEUE: usize = 1_024;

/// Rates that several gates count in one Redis.
pub struct RedisRates {
    instance: Name,
    ways: HashMap<Name, Place>,
    stop: watch::Sender<bool>,
    ended: Mutex<Receiver<()>>,
}

struct Place {
    way: Arc<Way>,
    given_back: mpsc::Sender<Given>,
}

/// How often what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that the server was asked for.
    pub asked: u64,
    /// Calls that this gate has counted by its own share.
    pub alone: u64,
    /// Times that the server was lost.
    pub lost: u64,
}

impl RedisRates {
    /// Reaches the server for these accounts. One that is away now is waited for while the gate is at work; what a person must mend is
    /// an error.
    pub fn open(settings: Settings, upstreams: &[Name], clock: &Clock) -> Result<Arc<Self>, Trouble> {
        let (instance, book, gates) = (settings.instance.clone(), settings.book.clone(), settings.gates);
        let dialler = Arc::new(Dialler::new(settings)?);
        let (stop, stopped) = watch::channel(false);
        let (mut ways, mut keepers) = (HashMap::new(), Vec::new());
        for upstream in upstreams {
            let way = Arc::new(Way::new(&book, upstream, gates, clock.clone()));
            let (given_back, receiver) = mpsc::channel(QUEUE);
            keepers.push(Keeper::new(dialler.clone(), way.clone(), receiver));
            ways.insert(upstream.clone(), Place { way, given_back });
        }
        let (says, said) = sync_channel(1);
        let (ends_here, ended) = sync_channel::<()>(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Trouble::Thread)?;
        let work = move || {
            let _ends_here = ends_here;
            runtime.block_on(async {
                let begun = begin(&mut keepers).await;
                let failed = begun.is_err();
                // the caller may have gone; then nobody asks, and this ends with the stop
                let _ = says.send(begun);
                if !failed {
                    keep(keepers, stopped).await;
                }
            });
        };
        std::thread::Builder::new().name("store-redis".to_owned()).spawn(work).map_err(Trouble::Thread)?;
        said.recv().map_err(|gone| Trouble::Thread(std::io::Error::other(gone)))??;
        Ok(Arc::new(Self { instance, ways, stop, ended: Mutex::new(ended) }))
    }

    /// The accounts whose rates are not counted together now, and why.
    pub fn troubles(&self) -> Vec<(Name, String)> {
        let trouble = |(name, place): (&Name, &Place)| Some((name.clone(), place.way.trouble()?));
        let mut troubles: Vec<_> = self.ways.iter().filter_map(trouble).collect();
        troubles.sort();
        troubles
    }

    /// How often what was done, over all accounts.
    pub fn counts(&self) -> Counts {
        self.ways.values().fold(Counts::default(), |sum, Place { way, .. }| Counts {
            asked: sum.asked + way.asked.load(Ordering::Relaxed),
            alone: sum.alone + way.alone.load(Ordering::Relaxed),
            lost: sum.lost + way.lost.load(Ordering::Relaxed),
        })
    }

    /// Counts nothing any more, and tells the others that this gate is gone: at the end of a drain. A server that hangs does not hold
    /// the process back.
    pub fn close(&self) {
        self.stop.send_replace(true);
        let _ = self.ended.lock().recv_timeout(Duration::from_secs(1));
    }

    async fn ask(&self, place: &Place, ask: Ask<'_>) -> Taken {
        let way = &place.way;
        let mut commands = match way.standing() {
            Standing::Together(commands) => commands,
            Standing::Away(share) => {
                way.alone.fetch_add(1, Ordering::Relaxed);
                return Taken::Away(share);
            }
            Standing::Returning => return Taken::None(Late { which: 0, wait: MOMENT_NS }),
        };
        if let Some(late) = known_to_be_late(&ask) {
            return Taken::None(late);
        }
        way.asked.fetch_add(1, Ordering::Relaxed);
        let given = self.given(way, &ask);
        let told = match tokio::time::timeout(DEADLINE, TAKE.call(&mut commands, &given)).await {
            Ok(Err(error)) if !error.is_io_error() => {
                // the server is there and says no: the keeper finds out whether to this call alone, which is refused
                way.complain(&error.to_string());
                return Taken::None(Late { which: 0, wait: MOMENT_NS });
            }
            told => told.ok().and_then(Result::ok).and_then(|numbers| Told::read(&numbers)),
        };
        let Some(told) = told.filter(|told| told.verdict != Verdict::TooLate) else { return Taken::Away(way.lose()) };
        way.set_clock(told.now);
        let late = told.late.map(|(which, micros)| Late { which, wait: micros.saturating_mul(1_000) });
        match (told.verdict, late) {
            (Verdict::Refused, Some(late)) => {
                if let Some(paced) = ask.paced.get(late.which) {
                    paced.refused((way.clock)().mono, late.wait);
                }
                Taken::None(late)
            }
            (Verdict::Refused | Verdict::Taken | Verdict::TooLate, late) => Taken::All(token(place, &ask, told), late),
        }
    }

    fn given(&self, way: &Way, ask: &Ask<'_>) -> Given {
        let mut given = Given::default();
        given.key(way.names.gates.clone());
        given.argument(&self.instance);
        given.argument(way.server_in(STALE_MS));
        given.argument(0);
        for paced in ask.paced {
            given.key(way.names.rate(paced));
            given.argument(interval(paced));
            given.argument(paced.rate.burst);
            given.argument(u8::from(ask.observed && paced.is_observable()));
        }
        given
    }
}

impl Rates for RedisRates {
    fn take<'a>(&'a self, ask: Ask<'a>) -> Pin<Box<dyn Future<Output = Taken> + Send + 'a>> {
        Box::pin(async move {
            match self.ways.get(ask.upstream) {
                Some(place) => self.ask(place, ask).await,
                // no account is made later than at a start
                None => Taken::None(Late { which: 0, wait: MOMENT_NS }),
            }
        })
    }
}

impl Drop for RedisRates {
    fn drop(&mut self) {
        self.close();
    }
}

/// Dropped, it gives back what was taken.
fn token(place: &Place, ask: &Ask<'_>, told: Told) -> Token {
    let mut given = Given::default();
    given.argument(told.now);
    for (at, paced) in ask.paced.iter().enumerate() {
        if told.taken & (1 << at) != 0 {
            given.key(place.way.names.rate(paced));
            given.argument(interval(paced));
        }
    }
    let given_back = place.given_back.clone();
    Token::new(move || {
        let _ = given_back.try_send(given);
    })
}

/// A rate that this gate was told about just now: a flood asks no more than it may.
fn known_to_be_late(ask: &Ask<'_>) -> Option<Late> {
    let late = |(which, paced): (usize, &Arc<Paced>)| match paced.wait(ask.now) {
        0 => None,
        _ if ask.observed && paced.is_observable() => None,
        wait => Some(Late { which, wait }),
    };
    ask.paced.iter().enumerate().find_map(late)
}

/// Microseconds between two; rounded up, so that a minute never holds one more than the rate.
fn interval(paced: &Paced) -> u64 {
    60_000_000_u64.div_ceil(u64::from(paced.rate.per_minute).max(1))
}

async fn begin(keepers: &mut [Keeper]) -> Result<(), Trouble> {
    for keeper in keepers {
        keeper.begin().await?;
    }
    Ok(())
}

async fn keep(keepers: Vec<Keeper>, stopped: watch::Receiver<bool>) {
    let mut at_work = JoinSet::new();
    for keeper in keepers {
        at_work.spawn(keeper.keep(stopped.clone()));
    }
    while at_work.join_next().await.is_some() {}
}
