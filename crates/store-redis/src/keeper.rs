//! Who keeps the connection of an account's rates? A keeper each: it tells the server that this gate lives, ten times a second.

use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::link::{Dialler, Link, Node, Topology};
use crate::script::{GIVE_BACK, Given, TAKE, Told, Verdict};
use crate::trouble::Trouble;
use crate::way::Way;

/// Between two heartbeats; `SILENT` of `take.lua` is five of them.
const BEAT: Duration = Duration::from_millis(100);
/// A step of connecting, or a heartbeat, while callers do without.
const WITHIN: Duration = Duration::from_millis(300);
/// The same at a start.
const PATIENT: Duration = Duration::from_secs(2);

/// Keeps one account's connection.
pub(crate) struct Keeper {
    dialler: Arc<Dialler>,
    way: Arc<Way>,
    given_back: mpsc::Receiver<Given>,
    link: Option<Link>,
    /// A connection was lost, and what another server or a snapshot remembers may be older than what was taken.
    lost: bool,
    /// Where a cluster has said that the slot is.
    moved: Option<Node>,
    /// Whose turn it is among the hosts.
    turn: usize,
    within: Duration,
}

impl Keeper {
    pub(crate) fn new(dialler: Arc<Dialler>, way: Arc<Way>, given_back: mpsc::Receiver<Given>) -> Self {
        Self { dialler, way, given_back, link: None, lost: false, moved: None, turn: 0, within: PATIENT }
    }

    /// Comes the first time; what a person must mend is told.
    pub(crate) async fn begin(&mut self) -> Result<(), Trouble> {
        let begun = self.beat().await;
        self.within = WITHIN;
        match begun {
            Err(trouble) if trouble.is_final() => Err(trouble),
            Err(trouble) => {
                self.tell(Err(trouble));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Until it is told to stop; then the others hear that this gate is gone.
    pub(crate) async fn keep(mut self, mut stopped: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(BEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let way = self.way.clone();
        loop {
            tokio::select! {
                biased;
                () = told(&mut stopped) => break,
                _ = tick.tick() => {
                    let beaten = self.beat().await;
                    self.tell(beaten);
                }
                () = way.bell.notified() => {
                    let beaten = self.beat().await;
                    self.tell(beaten);
                }
                Some(given) = self.given_back.recv() => self.give_back(&given).await,
            }
        }
        self.leave().await;
    }

    /// Tells the server that this gate lives, over a new connection if need be; a cluster that sends elsewhere is followed once.
    async fn beat(&mut self) -> Result<(), Trouble> {
        let beaten = match self.try_beat().await {
            Err(_) if self.moved.is_some() && self.link.is_none() => self.try_beat().await,
            beaten => beaten,
        };
        if beaten.is_err() {
            self.part();
            self.moved = None;
            self.turn = self.turn.wrapping_add(1);
        }
        beaten
    }

    async fn try_beat(&mut self) -> Result<(), Trouble> {
        let (dialler, way, within) = (self.dialler.clone(), self.way.clone(), self.within);
        let link = match &mut self.link {
            Some(link) => link,
            None => self.link.insert(dialler.connect(self.moved.as_ref(), self.turn, within).await?),
        };
        // by this one sees that it answers, before anything of this gate's own share is stopped for it
        let clock = tokio::time::timeout(way.patience(within), dialler.clock(link)).await;
        way.set_clock(clock.map_err(|_| slow(link))??);
        let (returning, spent) = way.come_back();
        let mut given = Given::default();
        given.key(way.names.gates.clone());
        given.argument(&dialler.settings().instance);
        given.argument(way.server_in(u64::try_from(within.as_millis()).unwrap_or(u64::MAX)));
        given.argument(u8::from(spent || self.lost));
        let told = tokio::time::timeout(within, TAKE.call(&mut link.commands, &given)).await;
        let told = match told {
            Ok(Ok(numbers)) => Told::read(&numbers).filter(|told| told.verdict == Verdict::Taken).ok_or_else(|| slow(link))?,
            Ok(Err(error)) => {
                if matches!(error.kind(), ErrorKind::Io) {
                    way.doubt();
                }
                let trouble = dialler.trouble(link, &error);
                self.follow(&error);
                return Err(trouble);
            }
            Err(_) => {
                way.doubt();
                return Err(slow(link));
            }
        };
        self.lost = false;
        way.arrive(&told, dialler.settings().gates, &link.commands);
        drop(returning);
        Ok(())
    }

    /// The slot is at another node of the cluster.
    fn follow(&mut self, error: &RedisError) {
        if matches!(error.kind(), ErrorKind::Server(ServerErrorKind::Moved)) && self.dialler.settings().topology == Topology::Cluster {
            let told = error.redirect_node().and_then(|(address, _)| address.rsplit_once(':'));
            self.moved = told.and_then(|(host, port)| {
                // an empty host is the one that was asked
                let host = if host.is_empty() { self.link.as_ref()?.node.0.as_str() } else { host };
                Some((host.to_owned(), port.parse().ok()?))
            });
        }
        self.part();
    }

    /// The connection is not used any more, and what is asked meanwhile is counted here.
    fn part(&mut self) {
        self.way.close();
        self.way.lose();
        self.lost |= self.link.take().is_some();
    }

    /// Says it once when rates begin to be counted by each gate, and once when they are counted together again.
    fn tell(&self, beaten: Result<(), Trouble>) {
        let upstream = self.way.upstream.as_str();
        match beaten {
            Ok(()) => {
                if self.way.note(None).is_some() {
                    tracing::info!(upstream, "rates are counted together with the other gates again");
                }
            }
            Err(trouble) => {
                let why = in_words(&trouble);
                if self.way.note(Some(why.clone())).is_none() {
                    tracing::warn!(upstream, error = %why, "rates are not counted together: this gate admits its own share of each");
                }
            }
        }
    }

    async fn give_back(&mut self, given: &Given) {
        let Some(link) = &mut self.link else { return };
        // what cannot be given back is less for everybody, never more
        let _ = tokio::time::timeout(self.within, GIVE_BACK.call(&mut link.commands, given)).await;
    }

    async fn leave(&mut self) {
        self.way.close();
        self.way.lose();
        let Some(link) = &mut self.link else { return };
        let field = format!("g:{}", self.dialler.settings().instance);
        let gone = redis::cmd("HDEL").arg(&self.way.names.gates).arg(field).to_owned();
        let _ = tokio::time::timeout(self.within, gone.query_async::<()>(&mut link.commands)).await;
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn slow(link: &Link) -> Trouble {
    Trouble::Slow { place: crate::link::place(&link.node) }
}

/// With what lies behind it.
fn in_words(trouble: &Trouble) -> String {
    match std::error::Error::source(trouble) {
        Some(source) => format!("{trouble} ({source})"),
        None => trouble.to_string(),
    }
}
