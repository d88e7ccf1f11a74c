//! Why can the rates not be counted together? One sentence each, with what to do; never with a password.

use std::io;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why a Redis is not asked.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers there.
    #[error("no Redis answers at `{place}`: start it, or correct `rates`")]
    Unreachable {
        /// Host and port.
        place: String,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// It takes too long.
    #[error("Redis at `{place}` does not answer in time: look at its load and the way to it")]
    Slow {
        /// Host and port.
        place: String,
    },
    /// The connection ended.
    #[error("what listens at `{place}` closes the connection: see whether it is a Redis that speaks as `rates` says, TLS or not")]
    Closed {
        /// Host and port.
        place: String,
    },
    /// Another certificate, or none.
    #[error("Redis at `{place}` cannot be trusted ({why}): let `rates_ca` name the authority of its certificate, or correct `rates`")]
    Tls {
        /// Host and port.
        place: String,
        /// What the handshake said.
        why: String,
    },
    /// It is on another machine, and no TLS is spoken.
    #[error("Redis at `{place}` is in the clear beyond this machine: write `rediss://` in `rates`, or end it with `?insecure=true`")]
    Clear {
        /// Host and port.
        place: String,
    },
    /// The user or the password is wrong.
    #[error("Redis at `{place}` does not let the user `{user}` in: correct the user in `rates`, or `rates_password`")]
    Refused {
        /// Host and port.
        place: String,
        /// Who asked.
        user: String,
    },
    /// Something else answers.
    #[error("what answers at `{place}` is not a Redis: correct `rates`")]
    NotRedis {
        /// Host and port.
        place: String,
    },
    /// The server is too old.
    #[error("Redis {found} answers at `{place}`, and at least {OLDEST} is needed: upgrade the server")]
    Old {
        /// Host and port.
        place: String,
        /// Its version.
        found: String,
    },
    /// A replica answers.
    #[error("Redis at `{place}` is a replica, and rates are counted on the primary: let `rates` name the primary, or its Sentinels")]
    Replica {
        /// Host and port.
        place: String,
    },
    /// One node of a cluster was named as if it stood alone.
    #[error("Redis at `{place}` is a node of a cluster: write `redis+cluster://` with some of its nodes in `rates`")]
    Cluster {
        /// Host and port.
        place: String,
    },
    /// The user may not do it.
    #[error(
        "the user `{user}` may not count rates in Redis at `{place}`: `ACL SETUSER {user} ~tollgate:* +@scripting +@hash +@string +@keyspace +time +info`"
    )]
    Privilege {
        /// Host and port.
        place: String,
        /// Who asked.
        user: String,
    },
    /// The Sentinels do not know the primary.
    #[error("no Sentinel at `{place}` knows a primary `{name}`: correct `rates`, or look at the Sentinels")]
    NoPrimary {
        /// Hosts and ports.
        place: String,
        /// The primary's name.
        name: String,
    },
    /// It says no for another reason.
    #[error("Redis at `{place}` does not count rates: {says}")]
    Says {
        /// Host and port.
        place: String,
        /// Its own words.
        says: String,
    },
    /// The system gives no thread.
    #[error("the system gives no thread for the shared rates: raise the limit of processes")]
    Thread(#[source] io::Error),
}

/// The oldest server that this is tested with (Debian 12's).
pub(crate) const OLDEST: u32 = 7;

impl Trouble {
    /// Why a command was not done.
    pub(crate) fn of(place: &str, user: &str, error: &RedisError) -> Self {
        let (place, user) = (place.to_owned(), user.to_owned());
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Refused { place, user },
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::NotRedis { place },
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::Replica { place },
            ErrorKind::Server(ServerErrorKind::NoPerm) => Self::Privilege { place, user },
            ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => Self::Cluster { place },
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => Self::Refused { place, user },
            _ if error.is_timeout() => Self::Slow { place },
            _ if error.is_io_error() || error.is_connection_dropped() => Self::Closed { place },
            _ => Self::Says { place, says: error.to_string() },
        }
    }

    /// Whether a person must do something: what may be over by itself does not hold a start back.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Tls { .. }
            | Self::Clear { .. }
            | Self::Refused { .. }
            | Self::NotRedis { .. }
            | Self::Old { .. }
            | Self::Cluster { .. }
            | Self::Privilege { .. }
            | Self::Thread(_) => true,
            Self::Unreachable { .. }
            | Self::Slow { .. }
            | Self::Closed { .. }
            | Self::Replica { .. }
            | Self::NoPrimary { .. }
            | Self::Says { .. } => false,
        }
    }
}
