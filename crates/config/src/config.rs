//! The whole configuration: read, checked across its parts, and valid once it exists.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tollgate_model::Name;
use toml::de::DeTable;

use crate::admin::Admin;
use crate::field;
use crate::limits::Limits;
use crate::listener::Listener;
use crate::mistake::Mistakes;
use crate::nearest::nearest;
use crate::network::Network;
use crate::page::Page;
use crate::section::{At, Section, not_built};
use crate::source::SecretSource;
use crate::upstream::Upstream;

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The state folder.
    pub state: PathBuf,
    /// Where money, keys and revocations are kept.
    pub store: Store,
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

/// The durable store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// The one embedded in the state folder.
    #[default]
    Sqlite,
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
        let bytes = std::fs::read(file).map_err(|error| {
            Mistakes::unreadable(file, format!("the file cannot be read: {error}"), "`tollgate init` writes one; `-c FILE` names another")
        })?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Mistakes::unreadable(file, "the file is not UTF-8 text".to_owned(), "save it as UTF-8"))?;
        Self::read(&Page::new(file, text, Path::is_file), text)
    }

    /// Checks a text as the content of a file of that name; files that it names are taken to be there.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Mistakes> {
        Self::read(&Page::new(file, text, |_| true), text)
    }

    fn read(page: &Page<'_>, text: &str) -> Result<Self, Mistakes> {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            page.mistake(&error.span().unwrap_or(0..0), format!("not TOML: {}", error.message().trim_end()), None);
        }
        // what was read of a broken file would only make mistakes of its own
        if let Some(mistakes) = page.mistakes() {
            return Err(mistakes);
        }
        let config = Self::read_top(&Section::open(page, &field::TOP, document.get_ref(), 0..0));
        page.mistakes().map_or(Ok(config), Err)
    }

    fn read_top(top: &Section<'_>) -> Self {
        let (listeners, upstreams) = read_doors(top);
        Self {
            state: top.path("state").unwrap_or_else(|| top.page.path("state")),
            store: read_store(top),
            drain: top.duration("drain", 1..=3_600_000).unwrap_or(Duration::from_secs(30)),
            retain: top.duration("retain", DAY_MS..=10_000 * DAY_MS).unwrap_or(Duration::from_hours(400 * 24)),
            workers: top.count("workers", 1..=1024).and_then(|count| usize::try_from(count).ok()).and_then(NonZeroUsize::new),
            pepper: SecretSource::read(top, "pepper"),
            listeners,
            network: top.section("network", &field::NETWORK).map(|section| Network::read(&section)).unwrap_or_default(),
            admin: top.section("admin", &field::ADMIN).map(|section| Admin::read(&section)).unwrap_or_default(),
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

fn read_store(top: &Section<'_>) -> Store {
    if let Some(At { value, at }) = top.text("store") {
        match value {
            "sqlite" => {}
            // the address may hold a password: only its scheme is shown
            _ if value.starts_with("postgres") => not_built(top.page, &at, "a store at `postgres://…`"),
            _ => top.wrong_form("store", &at),
        }
    }
    Store::Sqlite
}

/// Listeners and upstreams, checked against one another.
fn read_doors(top: &Section<'_>) -> (Vec<Listener>, Vec<Upstream>) {
    let sections = top.sections("upstream", &field::UPSTREAM);
    let names: Vec<Option<Name>> =
        sections.iter().map(|section| section.word("name").and_then(|name| Name::parse(name.value).ok())).collect();
    let upstreams: Vec<Upstream> = sections.iter().filter_map(Upstream::read).collect();
    if !top.says("upstream") {
        let hint = "add an `[[upstream]]` with `name`, `profile`, `origin` and `secret`".to_owned();
        top.mistake("upstream", "there is no upstream: no request could go anywhere", hint);
    }
    refuse_second_names(&sections, &names);
    refuse_second_hosts(&sections);

    let sections = top.sections("listener", &field::LISTENER);
    let mut listeners: Vec<Listener> = Vec::new();
    for section in &sections {
        let (listener, named) = Listener::read(section);
        if let Some(At { value: name, at }) = named
            && !names.iter().flatten().any(|known| *known == name)
        {
            let near = nearest(name.as_str(), names.iter().flatten().map(Name::as_str));
            section.page.mistake(&at, format!("there is no upstream `{name}`"), near.map(|near| format!("did you mean `{near}`?")));
        }
        let Some(listener) = listener else { continue };
        if listener.address.port() != 0 && listeners.iter().any(|other| other.address == listener.address) {
            section.mistake("address", format!("a second listener at `{}`", listener.address), None);
        }
        listeners.push(listener);
    }
    if sections.is_empty() && !top.says("listener") {
        let only = if let [only] = upstreams.as_slice() { Some(only.name.clone()) } else { None };
        listeners.push(Listener::standard(only));
    }
    (listeners, upstreams)
}

fn refuse_second_names(sections: &[Section<'_>], names: &[Option<Name>]) {
    for (place, (section, name)) in sections.iter().zip(names).enumerate() {
        let Some(name) = name else { continue };
        if names.iter().take(place).flatten().any(|before| before == name) {
            section.mistake("name", format!("a second upstream `{name}`"), None);
        }
    }
}

fn refuse_second_hosts(sections: &[Section<'_>]) {
    let mut known: Vec<String> = Vec::new();
    for section in sections {
        for At { value: host, at } in section.words("hosts") {
            let host = host.to_ascii_lowercase();
            if known.contains(&host) {
                section.page.mistake(&at, format!("a second upstream at the host `{host}`"), None);
            }
            known.push(host);
        }
    }
}

#[cfg(test)]
mod tests;
