//! What is the gate told at start? The gateway's own words; the binary translates the configuration into them.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tollgate_model::Name;
use tollgate_policy::network::{ForwardedHeader, TrustedProxies};

/// Everything that only a restart changes.
pub struct Settings {
    /// Whose forwarded header is believed.
    pub trusted_proxies: TrustedProxies,
    /// Which forwarded header.
    pub forwarded_header: ForwardedHeader,
    /// Limits of heads and bodies.
    pub limits: tollgate_wire::Limits,
    /// Budgets taken before reading.
    pub budgets: Budgets,
    /// How long each step may take.
    pub within: Timeouts,
    /// Milliseconds that SIGTERM waits for calls in flight.
    pub drain_ms: u64,
}

/// One listening socket.
pub struct Listener {
    /// Its address; port 0 picks a free one.
    pub address: SocketAddr,
    /// The upstream that stands at its root.
    pub upstream: Option<Name>,
    /// TLS, if it speaks TLS.
    pub tls: Option<Arc<ServerConfig>>,
}

/// Budgets of the whole gate.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Connections at once.
    pub connections: usize,
    /// Bytes of request bodies being read at once.
    pub body_bytes: usize,
    /// Calls in flight of one key.
    pub calls_per_key: usize,
}

impl Default for Budgets {
    /// ARCHITECTURE.md "Bytes": 64 MiB of bodies; SECURITY.md limits: 64 calls of one key in flight.
    fn default() -> Self {
        Self { connections: 16_384, body_bytes: 64 << 20, calls_per_key: 64 }
    }
}

/// How long each step may take, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// A request's head, from its first byte.
    pub head_ms: u64,
    /// A request's body; a second more for each KiB that has come.
    pub body_ms: u64,
    /// Connecting to a provider, TLS included.
    pub connect_ms: u64,
    /// The first byte of a provider's answer.
    pub answer_ms: u64,
    /// The whole of a provider's answer.
    pub call_ms: u64,
}

impl Default for Timeouts {
    /// SECURITY.md, limits.
    fn default() -> Self {
        Self { head_ms: 5_000, body_ms: 15_000, connect_ms: 3_000, answer_ms: 30_000, call_ms: 60_000 }
    }
}
