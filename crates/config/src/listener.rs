//! Where do clients come in?

use std::net::{Ipv4Addr, SocketAddr};

use tollgate_model::Name;

use crate::section::{At, Section};
use crate::tls::Tls;

/// One listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its address; port 0 picks a free one.
    pub address: SocketAddr,
    /// The upstream at its root.
    pub upstream: Option<Name>,
    /// How it speaks TLS, if it does.
    pub tls: Option<Tls>,
    /// Whether plain http beyond loopback was allowed aloud.
    pub insecure: bool,
}

impl Listener {
    /// The listener of a file that names none.
    pub(crate) fn standard(upstream: Option<Name>) -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), upstream, tls: None, insecure: false }
    }

    /// Reads one `[[listener]]`; the upstream it names comes with its place, to be looked up when all are known.
    pub(crate) fn read(section: &Section<'_>) -> (Option<Self>, Option<At<Name>>) {
        section.require(["address"]);
        let upstream = section.parsed("upstream", Name::parse);
        let named = upstream.clone().map(|value| At { value, at: section.at("upstream") });
        let tls = Tls::read(section);
        let insecure = section.flag("insecure").unwrap_or(false);
        let Some(address) = section.parsed("address", parse_address) else { return (None, named) };
        if !section.says("tls") && !address.ip().is_loopback() && !insecure {
            let hint =
                "add `tls = \"self\"`, or `insecure = true`: whoever is on the way can then read and use the virtual keys".to_owned();
            section.mistake("address", format!("`{address}` is reachable from other machines, and would speak plain http"), hint);
        }
        (Some(Self { address, upstream, tls, insecure }), named)
    }

    /// Whether it takes plain http from other machines.
    pub fn is_exposed(&self) -> bool {
        self.tls.is_none() && !self.address.ip().is_loopback()
    }
}

/// An address and a port; names are refused, since what they mean can change.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an address and a port such as `127.0.0.1:8080` or `[::1]:8080`")
}
