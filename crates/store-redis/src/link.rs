//! Where is the server, and how is it reached? One connection to the node that counts an account's rates.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, InfoDict, RedisConnectionInfo, RedisError};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tollgate_model::{Name, Secret};

use crate::tls::{Stream, Tls};
use crate::trouble::{OLDEST, Trouble};

/// Where the rates are counted, and for whom.
pub struct Settings {
    /// How the servers named belong together.
    pub topology: Topology,
    /// Hosts and ports: of the server, of Sentinels, or of some nodes.
    pub hosts: Vec<(String, u16)>,
    /// The number of the database, where there are several.
    pub database: u32,
    /// Who asks; the server's default user unless said.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// What is said may be heard beyond this machine where no TLS is spoken.
    pub insecure: bool,
    /// The authorities that may vouch for the servers, if TLS is spoken.
    pub tls: Option<Vec<CertificateDer<'static>>>,
    /// The id of the book that the gates share: rates are counted together by gates with one book.
    pub book: String,
    /// This gate's name among those that share the book.
    pub instance: Name,
    /// Gates that share the rates, before they have been seen.
    pub gates: u32,
}

/// How servers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// The primary of this name, that the Sentinels tell.
    Sentinel(String),
    /// The node of a cluster that has the account's slot.
    Cluster,
}

/// A server's host and port.
pub(crate) type Node = (String, u16);

/// Commands that may wait in one connection at once; callers wait milliseconds at most.
const QUEUE: usize = 1_024;

/// How servers are reached.
pub(crate) struct Dialler {
    settings: Settings,
    tls: Option<Tls>,
}

/// A connection; what moves its bytes ends with it.
pub(crate) struct Link {
    pub(crate) commands: MultiplexedConnection,
    pub(crate) node: Node,
    _moving: JoinSet<()>,
}

impl Dialler {
    pub(crate) fn new(settings: Settings) -> Result<Self, Trouble> {
        let place = hosts(&settings.hosts);
        let tls = settings.tls.as_deref().map(Tls::trusting).transpose();
        Ok(Self { tls: tls.map_err(|error| Trouble::Tls { place, why: error.to_string() })?, settings })
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A connection to the server that counts, judged; `moved` is where a cluster has said that the slot is. Each step may take as
    /// long as `within`.
    pub(crate) async fn connect(&self, moved: Option<&Node>, turn: usize, within: Duration) -> Result<Link, Trouble> {
        let node = match (&self.settings.topology, moved) {
            (Topology::Cluster, Some(node)) => node.clone(),
            (Topology::Single | Topology::Cluster, _) => self.host(turn),
            (Topology::Sentinel(name), _) => self.primary(name, within).await?,
        };
        let mut link = self.open(&node, within, true).await?;
        let judged = tokio::time::timeout(within, self.judge(&mut link)).await;
        judged.map_err(|_| Trouble::Slow { place: place(&node) })??;
        Ok(link)
    }

    /// Why a command on this link was not done.
    pub(crate) fn trouble(&self, link: &Link, error: &RedisError) -> Trouble {
        Trouble::of(&place(&link.node), self.user(), error)
    }

    /// The server's clock, in microseconds.
    pub(crate) async fn clock(&self, link: &mut Link) -> Result<i64, Trouble> {
        let (seconds, micros): (i64, i64) = self.ask(link, &redis::cmd("TIME")).await?;
        Ok(seconds.saturating_mul(1_000_000).saturating_add(micros))
    }

    async fn ask<T: FromRedisValue>(&self, link: &mut Link, command: &Cmd) -> Result<T, Trouble> {
        let told = command.query_async(&mut link.commands).await;
        told.map_err(|error| self.trouble(link, &error))
    }

    fn host(&self, turn: usize) -> Node {
        let hosts = &self.settings.hosts;
        hosts.get(turn.checked_rem(hosts.len()).unwrap_or(0)).cloned().unwrap_or_default()
    }

    fn user(&self) -> &str {
        self.settings.user.as_deref().unwrap_or("default")
    }

    /// Where the Sentinels say that the primary is: the first that answers is believed.
    async fn primary(&self, name: &str, within: Duration) -> Result<Node, Trouble> {
        let mut trouble = None;
        for sentinel in &self.settings.hosts {
            match tokio::time::timeout(within, self.primary_by(sentinel, name, within)).await {
                Ok(Ok(Some(node))) => return Ok(node),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => trouble = Some(error),
                Err(_) => trouble = Some(Trouble::Slow { place: place(sentinel) }),
            }
        }
        Err(trouble.unwrap_or_else(|| Trouble::NoPrimary { place: hosts(&self.settings.hosts), name: name.to_owned() }))
    }

    async fn primary_by(&self, sentinel: &Node, name: &str, within: Duration) -> Result<Option<Node>, Trouble> {
        // most have no password of their own: who has one gets the servers'
        let mut link = match self.open(sentinel, within, true).await {
            Err(Trouble::Refused { .. }) => self.open(sentinel, within, false).await?,
            link => link?,
        };
        let told: Option<(String, u16)> = self.ask(&mut link, redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name)).await?;
        Ok(told)
    }

    async fn open(&self, node: &Node, within: Duration, proves: bool) -> Result<Link, Trouble> {
        let opening = tokio::time::timeout(within, self.reach(node)).await;
        let stream = opening.map_err(|_| Trouble::Unreachable { place: place(node), source: None })??;
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(QUEUE);
        let bare = RedisConnectionInfo::default().set_skip_set_lib_name();
        let made = MultiplexedConnection::new_with_config(&bare, stream, config).await;
        let (commands, moving) = made.map_err(|error| Trouble::of(&place(node), self.user(), &error))?;
        let mut driver = JoinSet::new();
        driver.spawn(moving);
        let mut link = Link { commands, node: node.clone(), _moving: driver };
        if proves && let Some(password) = &self.settings.password {
            let prove = self.prove(&mut link, password);
            tokio::time::timeout(within, prove).await.map_err(|_| Trouble::Slow { place: place(node) })??;
        }
        Ok(link)
    }

    async fn reach(&self, node: &Node) -> Result<Stream, Trouble> {
        let (host, port) = node;
        let stream = TcpStream::connect((host.as_str(), *port)).await;
        let stream = stream.map_err(|source| Trouble::Unreachable { place: place(node), source: Some(source) })?;
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            let peer = stream.peer_addr().map_err(|source| Trouble::Unreachable { place: place(node), source: Some(source) })?;
            self.may_say_in_the_clear(node, peer)?;
            return Ok(Stream::Left(stream));
        };
        let shaken = tls.shake(host, stream).await;
        shaken.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => Trouble::Closed { place: place(node) },
            _ => Trouble::Tls { place: place(node), why: error.to_string() },
        })
    }

    /// A Sentinel or a cluster may name another machine than the configuration does: the password would be read on the way.
    pub(crate) fn may_say_in_the_clear(&self, node: &Node, peer: SocketAddr) -> Result<(), Trouble> {
        if self.settings.insecure || peer.ip().to_canonical().is_loopback() { Ok(()) } else { Err(Trouble::Clear { place: place(node) }) }
    }

    async fn prove(&self, link: &mut Link, password: &Secret) -> Result<(), Trouble> {
        let mut command = redis::cmd("AUTH");
        if let Some(user) = &self.settings.user {
            command.arg(user);
        }
        command.arg(password.expose());
        let proved = command.query_async::<()>(&mut link.commands).await;
        proved.map_err(|error| match Trouble::of(&place(&link.node), self.user(), &error) {
            // `ERR AUTH <password> called without any password configured`
            Trouble::Says { place, .. } => Trouble::Refused { place, user: self.user().to_owned() },
            trouble => trouble,
        })
    }

    /// Whether it is a Redis that knows what the scripts say.
    async fn judge(&self, link: &mut Link) -> Result<(), Trouble> {
        let place = place(&link.node);
        let told: Result<InfoDict, Trouble> = self.ask(link, redis::cmd("INFO").arg("server")).await;
        match told {
            // who may not ask is told by the scripts
            Err(Trouble::Privilege { .. }) => {}
            Err(trouble) => return Err(trouble),
            Ok(info) => {
                let found: String = info.get("redis_version").ok_or_else(|| Trouble::NotRedis { place: place.clone() })?;
                let major = found.split('.').next().and_then(|major| major.parse::<u32>().ok());
                if major.is_none_or(|major| major < OLDEST) {
                    return Err(Trouble::Old { place, found });
                }
            }
        }
        if self.settings.database > 0 {
            self.ask::<()>(link, redis::cmd("SELECT").arg(self.settings.database)).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Dialler {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Dialler").field(&hosts(&self.settings.hosts)).finish()
    }
}

/// `host:port`.
pub(crate) fn place(node: &Node) -> String {
    let (host, port) = node;
    format!("{host}:{port}")
}

/// All of them.
pub(crate) fn hosts(nodes: &[Node]) -> String {
    nodes.iter().map(place).collect::<Vec<_>>().join(",")
}
