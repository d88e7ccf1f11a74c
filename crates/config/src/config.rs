//! The whole configuration: read, checked across its parts, and valid once it exists.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::admin::Admin;
use crate::doors;
use crate::field;
use crate::limits::Limits;
use crate::listener::Listener;
use crate::mistake::Mistakes;
use crate::network::Network;
use crate::page::{self, Page};
use crate::rates::Rates;
use crate::section::{Section, not_built};
use crate::source::SecretSource;
use crate::store::Store;
use crate::upstream::Upstream;

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The state folder.
    pub state: PathBuf,
    /// Where money, keys and revocations are kept.
    pub store: Store,
    /// Where rates are counted, if several gates count them together.
    pub rates: Option<Rates>,
    /// How long SIGTERM waits for calls in flight.
    pub drain: Duration,
    /// How long the audit log is kept.
    pub retain: Duration,
    /// Worker threads; one for each processor unless said.
    pub workers: Option<NonZeroUsize>,
    /// Where the pepper is; the store's own unless said.
    pub pepper: Option<SecretSource>,
    /// Where clients come in; at least one.
    pub listeners: Vec<Listener>,
    /// How a client's address is known.
    pub network: Network,
    /// The admin API.
    pub admin: Admin,
    /// The providers' accounts; at least one, no two of the same name or host.
    pub upstreams: Vec<Upstream>,
    /// The audit log.
    pub audit: Audit,
    /// What a request is held to.
    pub limits: Limits,
}

/// The audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// When an intent counts as written.
    pub durability: Durability,
}

/// When an intent counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system.
    #[default]
    Process,
    /// Fsynced.
    Power,
}

const DAY_MS: u64 = 86_400_000;

impl Config {
    /// Reads and checks a file.
    pub fn load(file: &Path) -> Result<Self, Mistakes> {
        let text = page::text(file, "`tollgate init` writes one; `-c FILE` names another")?;
        Self::read(&Page::new(file, &text, Path::is_file), &text)
    }

    /// Checks a text as the content of a file of that name; files that it names are taken to be there.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Mistakes> {
        Self::read(&Page::new(file, text, |_| true), text)
    }

    fn read(page: &Page<'_>, text: &str) -> Result<Self, Mistakes> {
        let document = page.document(text)?;
        let config = Self::read_top(&Section::open(page, &field::TOP, document.get_ref(), 0..0));
        page.mistakes().map_or(Ok(config), Err)
    }

    fn read_top(top: &Section<'_>) -> Self {
        let (upstreams, names) = doors::upstreams(top);
        let admin = top.section("admin", &field::ADMIN).map(|section| Admin::read(&section)).unwrap_or_default();
        let listeners = doors::listeners(top, &names, &admin);
        let store = Store::read(top);
        Self {
            state: top.path("state").unwrap_or_else(|| top.page.path("state")),
            rates: Rates::read(top, top.word("store").is_some_and(|text| text.value != "sqlite")),
            store,
            drain: top.duration("drain", 1..=3_600_000).unwrap_or(Duration::from_secs(30)),
            retain: read_retain(top),
            workers: top.count("workers", 1..=1024).and_then(|count| usize::try_from(count).ok()).and_then(NonZeroUsize::new),
            pepper: SecretSource::read(top, "pepper"),
            listeners,
            network: top.section("network", &field::NETWORK).map(|section| Network::read(&section)).unwrap_or_default(),
            admin,
            upstreams,
            audit: top.section("audit", &field::AUDIT).map(|section| Audit::read(&section)).unwrap_or_default(),
            limits: top.section("limits", &field::LIMITS).map(|section| Limits::read(&section)).unwrap_or_default(),
        }
    }
}

impl Audit {
    fn read(section: &Section<'_>) -> Self {
        let durability = section.parsed("durability", |word| match word {
            "process" => Ok(Durability::Process),
            "power" => Ok(Durability::Power),
            _ => Err("expected `process` or `power`"),
        });
        Self { durability: durability.unwrap_or_default() }
    }
}

impl Durability {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Power => "power",
        }
    }
}

/// Nothing of the log is deleted yet: only the standard time is true.
fn read_retain(top: &Section<'_>) -> Duration {
    let standard = Duration::from_millis(400 * DAY_MS);
    if top.duration("retain", DAY_MS..=10_000 * DAY_MS).is_some_and(|retain| retain != standard) {
        not_built(top.page, &top.at("retain"), "another `retain` than `400d`");
    }
    standard
}

#[cfg(test)]
mod tests;
