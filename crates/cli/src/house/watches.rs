//! Where do the real keys come from? One watch a source, looked at every second off the workers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::sync::watch;
use tollgate_admin::Token;
use tollgate_config::{Config, Environment, Process, SecretSource};
use tollgate_model::{Name, Pepper};
use tollgate_secrets::watch::in_words;
use tollgate_secrets::{EnvSource, FileSource, Keyring, Polled, Rules, Source, Version, Watch};

use super::lane::DeskLane;

/// Troubles of sources, in words, by upstream.
pub(crate) type Troubles = Arc<Mutex<HashMap<Name, String>>>;

/// Letters of an admin token that somebody chose: 128 bits of hexadecimal digits are 32, and half of them are still too many to try.
const SHORTEST_TOKEN: usize = 16;

/// The sources of all upstreams, each with the keyring that it fills.
pub(crate) struct Watches {
    all: Vec<(Name, Watch)>,
    troubles: Troubles,
}

impl Watches {
    /// Looks at every source once. One that cannot be read leaves the gate not ready; it is looked at again every second.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        let mut hash_key = [0; 32];
        getrandom::fill(&mut hash_key).ok().context("the system's random generator does not answer")?;
        let mut watches = Self { all: Vec::new(), troubles: Troubles::default() };
        for upstream in &config.upstreams {
            let keyring = Arc::new(Keyring::new(hash_key, upstream.tripwire));
            let watch = Watch::new(source(&upstream.secret, Rules { tripwire: upstream.tripwire }), keyring);
            watches.all.push((upstream.name.clone(), watch));
        }
        watches.look(None);
        Ok(watches)
    }

    /// The keyring of an upstream.
    pub(crate) fn keyring(&self, upstream: &Name) -> Option<Arc<Keyring>> {
        self.all.iter().find(|(name, _)| name == upstream).map(|(_, watch)| watch.keyring().clone())
    }

    /// What is wrong with the sources, now and later.
    pub(crate) fn troubles(&self) -> Troubles {
        self.troubles.clone()
    }

    /// Looks every second until told to stop. Files and variables answer at once; a look blocks for as long as its source does.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>, lane: Arc<DeskLane>) {
        let period = Duration::from_millis(Watch::PERIOD_MS);
        while !super::pause(&mut stopped, period).await {
            let lane = lane.clone();
            let looked = tokio::task::spawn_blocking(move || {
                self.look(Some(&lane));
                self
            });
            match looked.await {
                Ok(watches) => self = watches,
                Err(_) => return,
            }
        }
    }

    fn look(&mut self, lane: Option<&DeskLane>) {
        for (upstream, watch) in &mut self.all {
            match watch.poll() {
                Polled::Unchanged => {}
                Polled::Installed(version) => {
                    tracing::info!(upstream = upstream.as_str(), version = version.as_str(), "the real key was read");
                    if let Some(lane) = lane {
                        lane.event("secret_installed", "success", &json!({ "upstream": upstream.as_str(), "version": version.as_str() }));
                    }
                }
                Polled::Refused(error) => {
                    let source = watch.name();
                    tracing::error!(upstream = upstream.as_str(), source, error = %in_words(&error), "the real key cannot be read; what is in force stays in force");
                    if let Some(lane) = lane {
                        lane.event(
                            "secret_refused",
                            "failure",
                            &json!({ "upstream": upstream.as_str(), "source": source, "why": in_words(&error) }),
                        );
                    }
                }
                Polled::Recovered => tracing::info!(upstream = upstream.as_str(), "the real key's source answers again"),
            }
            let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
            match watch.trouble() {
                Some(trouble) => troubles.insert(upstream.clone(), format!("{}: {trouble}", watch.name())),
                None => troubles.remove(upstream),
            };
        }
    }
}

fn source(source: &SecretSource, rules: Rules) -> Box<dyn Source> {
    match source {
        SecretSource::Env { name } => Box::new(EnvSource::new(name, Process.secret(name), rules)),
        SecretSource::File { path } => Box::new(FileSource::new(path, rules)),
    }
}

/// A secret of the gate's own, read once; with the name of its source.
fn once(source: &SecretSource, what: &str) -> Result<(String, Version)> {
    let mut source = self::source(source, Rules { tripwire: false });
    let name = source.name().to_owned();
    let read = source.read().with_context(|| format!("the {what} cannot be read from {name}"))?;
    let version = read.with_context(|| format!("the {what} cannot be read from {name}"))?;
    Ok((name, version))
}

/// The admin token, where it does not lie in the state folder.
pub(crate) fn admin_token(source: &SecretSource) -> Result<Token> {
    let (name, version) = once(source, "admin token")?;
    let token = version.secret.expose();
    let long = Some(token).filter(|token| token.len() >= SHORTEST_TOKEN).and_then(Token::new);
    long.with_context(|| format!("the admin token in {name} can be guessed: `openssl rand -hex 16` makes a better one"))
}

/// The password of a shared store's user.
pub(crate) fn store_password(source: &SecretSource) -> Result<Version> {
    once(source, "store's password").map(|(_, version)| version)
}

/// The password of the user under whom rates are counted.
pub(crate) fn rates_password(source: &SecretSource) -> Result<Version> {
    once(source, "password of the shared rates").map(|(_, version)| version)
}

/// The pepper, where it does not live in the store: 64 hexadecimal digits.
pub(crate) fn pepper(source: &SecretSource) -> Result<Pepper> {
    let (name, version) = once(source, "pepper")?;
    let mut bytes = [0; 32];
    let text = version.secret.expose();
    anyhow::ensure!(text.len() == 64, "the pepper in {name} is not 64 hexadecimal digits: `openssl rand -hex 32` makes one");
    for (place, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        *place = digits.with_context(|| format!("the pepper in {name} is not 64 hexadecimal digits: `openssl rand -hex 32` makes one"))?;
    }
    Ok(Pepper::new(bytes))
}
