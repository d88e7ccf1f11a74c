//! Whose address is it? The peer's own, or the one that proxies we trust say they were called from.

mod hop;

use std::net::IpAddr;

use tollgate_model::cidr::canonical;
use tollgate_model::{CidrSet, Denial, DenialCode};

/// The proxies whose forwarded header is believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(CidrSet);

/// A block of `/0` among the trusted proxies: every client could then choose its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trusted proxy of `/0` lets every client choose its own address: name the proxies' own blocks")]
pub struct EveryoneTrusted;

/// The one header that is read; any other says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239): a list of elements, each with a `for=`.
    Forwarded,
}

/// A trusted proxy's header does not tell the client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the forwarded header does not tell the client's address")]
pub struct Untold;

impl TrustedProxies {
    /// The blocks of the proxies.
    pub fn new(blocks: CidrSet) -> Result<Self, EveryoneTrusted> {
        if blocks.blocks().iter().any(tollgate_model::Cidr::is_everything) { Err(EveryoneTrusted) } else { Ok(Self(blocks)) }
    }

    /// Whether this is the address of a trusted proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(address)
    }

    /// The blocks.
    pub const fn blocks(&self) -> &CidrSet {
        &self.0
    }
}

impl ForwardedHeader {
    /// The header's name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The header of that name, as the configuration writes it.
    pub fn named(name: &str) -> Option<Self> {
        [Self::XForwardedFor, Self::Forwarded].into_iter().find(|header| header.name() == name)
    }
}

impl Untold {
    /// The refusal: an address that is not told is on no list.
    pub fn denial(self) -> Denial {
        Denial::new(DenialCode::NetworkDenied, "the trusted proxy's forwarded header does not tell the client's address")
    }
}

/// The client's true address: the socket's peer, unless the peer is a trusted proxy; then the rightmost hop that is not one.
///
/// `values` are the values of the configured header in the order in which they came. What stands left of the rightmost
/// untrusted hop is the client's own say and is not looked at; something that is no address right of it means that a proxy
/// of ours cannot be understood, and the answer is `Untold`. A trusted peer without the header is the client itself, and in
/// a chain of trusted hops alone the leftmost is.
pub fn client_address<'h>(
    peer: IpAddr,
    values: impl IntoIterator<Item = &'h [u8]>,
    header: ForwardedHeader,
    trusted: &TrustedProxies,
) -> Result<IpAddr, Untold> {
    let peer = canonical(peer);
    if !trusted.contains(peer) {
        return Ok(peer);
    }
    let mut leftmost = None;
    let mut rightmost_untrusted = None;
    for value in values {
        hop::each(header, value, &mut |hop| {
            leftmost.get_or_insert(hop);
            match hop {
                Ok(address) if trusted.contains(address) => {}
                _ => rightmost_untrusted = Some(hop),
            }
        });
    }
    rightmost_untrusted.or(leftmost).unwrap_or(Ok(peer))
}

#[cfg(test)]
mod tests;
