//! Where is the database, and how is it reached? The URL as it was checked; the password in it is never told.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::{Tls, is_elsewhere};
use super::{OpenError, judge};
use crate::Settings;
use crate::bell::{self, Bell};
use crate::session::Session;

/// How long a connection may take to be made at a start; later the caller's deadline ends it.
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that is gone without a word is noticed after this long.
const SILENCE: Duration = Duration::from_secs(5);
/// What every session is told. A lock is waited for inside the store's deadline. A gate that stands still in a transaction must not
/// hold up the others: its transaction ends without it. What is acknowledged is on the disk, whatever the server's default says.
const SETTINGS: &str = "
    SET lock_timeout = '1500ms';
    SET statement_timeout = '20s';
    SET idle_in_transaction_session_timeout = '5s';
    SET client_connection_check_interval = '1s';
    SET default_transaction_isolation = 'read committed';
    SET search_path = pg_catalog;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

/// One database of one server.
#[derive(Clone)]
pub(crate) struct Place {
    config: Config,
    tls: Tls,
    /// `db.example:5432/gates`.
    name: String,
    user: String,
    /// Rung by every session from now on, if they listen.
    bell: Option<Bell>,
}

impl Place {
    /// Reads the URL; nobody is asked yet. A server on another machine is spoken to over TLS, unless the URL says
    /// `sslmode=disable`.
    pub(crate) fn parse(settings: &Settings<'_>) -> Result<Self, OpenError> {
        let url = settings.url;
        let fault = |fault| OpenError::Url { fault };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(fault("does not begin with `postgres://`"));
        }
        let mut config = Config::from_str(url).map_err(|_| fault("cannot be read"))?;
        let user = config.get_user().ok_or_else(|| fault("names no user"))?.to_owned();
        let database = config.get_dbname().ok_or_else(|| fault("names no database"))?.to_owned();
        let hosts = hosts(&config);
        if hosts.is_empty() {
            return Err(fault("names no host"));
        }
        if hosts.len() > 1 {
            // among several only the primary will do; one alone is judged with a sentence of its own
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_ssl_mode() == SslMode::Prefer {
            // what falls back to plain text protects nobody
            let elsewhere = config.get_hosts().iter().any(is_elsewhere) || !config.get_hostaddrs().is_empty();
            config.ssl_mode(if elsewhere { SslMode::Require } else { SslMode::Disable });
        }
        if let Some(password) = settings.password {
            config.password(password);
        }
        config.application_name("tollgate").connect_timeout(CONNECT);
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(2).tcp_user_timeout(SILENCE);
        let name = format!("{}/{database}", hosts.join(","));
        let tls = Tls::trusting(settings.roots).map_err(|error| OpenError::Tls { place: name.clone(), why: error.to_string() })?;
        Ok(Self { config, tls, name, user, bell: None })
    }

    /// The same database; each session with it listens for changes of the registry, and rings this bell.
    pub(crate) fn ringing(&self, bell: Bell) -> Self {
        Self { bell: Some(bell), ..self.clone() }
    }

    /// Host, port and database.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Who asks.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// A session with the primary, told what every session is told.
    pub(crate) async fn connect(&self) -> Result<Session, OpenError> {
        let connecting = tokio::time::timeout(CONNECT, self.config.connect(self.tls.clone())).await;
        let Ok(connected) = connecting else { return Err(OpenError::Unreachable { place: self.name.clone(), source: None }) };
        let (client, connection) = connected.map_err(|error| OpenError::connecting(&self.name, &self.user, error))?;
        let session = Session::new(client, connection, self.bell.clone());
        session.client().batch_execute(SETTINGS).await.map_err(OpenError::postgres(&self.name))?;
        judge::server(&session, self).await?;
        if self.bell.is_some() {
            // before the first question: what is changed after its answer is told
            let listen = concat!("SET application_name = 'tollgate feed'; LISTEN ", bell::channel!());
            session.client().batch_execute(listen).await.map_err(OpenError::postgres(&self.name))?;
        }
        Ok(session)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.name).finish()
    }
}

/// `host:port` of each; a socket's folder as it is.
fn hosts(config: &Config) -> Vec<String> {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let name = |(at, host): (usize, &Host)| match host {
        Host::Tcp(host) => format!("{host}:{}", port(at)),
        Host::Unix(folder) => format!("{}:{}", folder.display(), port(at)),
    };
    config.get_hosts().iter().enumerate().map(name).collect()
}
