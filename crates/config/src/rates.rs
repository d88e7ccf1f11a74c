//! Where are rates counted? By each gate for itself, or in a Redis for several together.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::section::Section;
use crate::source::SecretSource;

/// A Redis that counts the rates of several gates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Where it is, and as whom.
    pub address: RatesAddress,
    /// Where the user's password is, if one is needed.
    pub password: Option<SecretSource>,
    /// A private CA of the server's certificate.
    pub ca: Option<PathBuf>,
    /// Gates that share the rates.
    pub gates: u32,
}

/// `rediss://user@cache.example:6379`; no password stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatesAddress {
    /// How the servers belong together.
    pub topology: RatesTopology,
    /// Hosts and ports; at least one.
    pub hosts: Vec<(String, u16)>,
    /// Who asks; the server's default user unless said.
    pub user: Option<String>,
    /// The number of the database.
    pub database: u32,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Whether it may be in the clear beyond this machine.
    pub insecure: bool,
}

/// How servers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RatesTopology {
    /// One server.
    Single,
    /// The primary of this name, that Sentinels tell.
    Sentinel(String),
    /// A cluster, of which some nodes are named.
    Cluster,
}

/// Why a text is not such an address.
enum Fault {
    Form,
    Password,
    Clear,
}

impl Rates {
    /// Reads what the top level says about it; `shared` tells whether gates share a store.
    pub(crate) fn read(top: &Section<'_>, shared: bool) -> Option<Self> {
        let (password, ca) = (SecretSource::read(top, "rates_password"), top.file("rates_ca"));
        let gates = top.count("gates", 1..=1_000).and_then(|gates| u32::try_from(gates).ok());
        let Some(text) = top.text("rates") else {
            for name in ["rates_password", "rates_ca", "gates"].into_iter().filter(|name| top.says(name) && !top.says("rates")) {
                let what = format!("`{name}` is for `rates` at `redis://…`");
                top.mistake(name, what, "take it out: nothing would act on it".to_owned());
            }
            return None;
        };
        if !shared {
            let hint = "take it out, or name the store that they share".to_owned();
            top.mistake("rates", "`rates` is for gates that share a store at `postgres://…`", hint);
        }
        if !top.says("gates") {
            let hint = "say how many there are, such as `gates = 3`: while Redis is away each admits its part".to_owned();
            top.mistake("rates", "rates that gates share need `gates`", hint);
        }
        // the address may hold a password: it is not shown
        match RatesAddress::parse(text.value) {
            Ok(address) => {
                address.judge_what_is_beside(top);
                Some(Self { address, password, ca, gates: gates.unwrap_or(1) })
            }
            Err(Fault::Form) => {
                top.wrong_form("rates", &text.at);
                None
            }
            Err(Fault::Password) => {
                top.mistake("rates", "`rates` holds a password", "take it out: `rates_password` names where it is".to_owned());
                None
            }
            Err(Fault::Clear) => {
                let what = "`rates` is in the clear beyond this machine, and its password would be read on the way";
                top.mistake("rates", what, "write `rediss://`, or end it with `?insecure=true`".to_owned());
                None
            }
        }
    }
}

impl RatesAddress {
    /// What is said beside the address, or in it, and nothing would act on.
    fn judge_what_is_beside(&self, top: &Section<'_>) {
        if self.user.is_some() && !top.says("rates_password") {
            let hint = "let `rates_password` name where it is, or take the user out".to_owned();
            top.mistake("rates", "`rates` names a user, who proves nothing without a password", hint);
        }
        let idle = "take it out: nothing would act on it";
        if !self.tls && top.says("rates_ca") {
            top.mistake("rates_ca", "`rates_ca` is for `rates` at `rediss://…`", idle.to_owned());
        }
        if self.tls && self.insecure {
            top.mistake("rates", "`?insecure=true` is for `rates` at `redis://…`", idle.to_owned());
        }
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let (scheme, rest) = text.split_once("://").ok_or(Fault::Form)?;
        let (rest, insecure) = match rest.split_once('?') {
            None => (rest, false),
            Some((rest, "insecure=true")) => (rest, true),
            Some(_) => return Err(Fault::Form),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((user, _)) if user.contains(':') => return Err(Fault::Password),
            Some((user, rest)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), rest),
        };
        let (places, path) = rest.split_once('/').map_or((rest, None), |(places, path)| (places, Some(path)));
        let (kind, tls) = match scheme.split_once('+').map_or((scheme, ""), |(scheme, kind)| (scheme, kind)) {
            ("redis", kind) => (kind, false),
            ("rediss", kind) => (kind, true),
            _ => return Err(Fault::Form),
        };
        let (topology, database) = match (kind, path.filter(|path| !path.is_empty())) {
            ("", path) => (RatesTopology::Single, path.map_or(Ok(0), str::parse).map_err(|_| Fault::Form)?),
            ("sentinel", Some(name)) if name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') => {
                (RatesTopology::Sentinel(name.to_owned()), 0)
            }
            ("cluster", None) => (RatesTopology::Cluster, 0),
            _ => return Err(Fault::Form),
        };
        let usual = if matches!(topology, RatesTopology::Sentinel(_)) { 26_379 } else { 6_379 };
        let hosts = places.split(',').map(|place| host(place, usual).ok_or(Fault::Form)).collect::<Result<Vec<_>, _>>()?;
        if topology == RatesTopology::Single && hosts.len() > 1 {
            return Err(Fault::Form);
        }
        if !tls && !insecure && hosts.iter().any(|(host, _)| is_elsewhere(host)) {
            return Err(Fault::Clear);
        }
        Ok(Self { topology, hosts, user, database, tls, insecure })
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn host(place: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|port| *port > 0))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    (!host.is_empty() && host.bytes().all(plain)).then(|| (host.to_owned(), port))
}

/// Whether what is said to this host can be heard by others.
fn is_elsewhere(host: &str) -> bool {
    host != "localhost" && !host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for RatesAddress {
    /// As it is written in the file.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.topology {
            RatesTopology::Single => "",
            RatesTopology::Sentinel(_) => "+sentinel",
            RatesTopology::Cluster => "+cluster",
        };
        write!(out, "redis{}{kind}://", if self.tls { "s" } else { "" })?;
        if let Some(user) = &self.user {
            write!(out, "{user}@")?;
        }
        for (place, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            if host.contains(':') { write!(out, "{comma}[{host}]:{port}")? } else { write!(out, "{comma}{host}:{port}")? }
        }
        match &self.topology {
            RatesTopology::Sentinel(name) => write!(out, "/{name}")?,
            RatesTopology::Single if self.database > 0 => write!(out, "/{}", self.database)?,
            RatesTopology::Single | RatesTopology::Cluster => {}
        }
        if self.insecure { out.write_str("?insecure=true") } else { Ok(()) }
    }
}
