//! Where are money, keys and revocations kept? In the state folder, or in a database that several gates share.

use std::fmt;
use std::path::PathBuf;

use tollgate_model::Name;

use crate::section::Section;
use crate::source::SecretSource;

/// The durable store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// The one embedded in the state folder.
    #[default]
    Sqlite,
    /// A database of several gates.
    Postgres(Postgres),
}

/// A PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Where it is, and as whom.
    pub url: StoreUrl,
    /// Where the user's password is, if it does not stand in the URL and one is needed.
    pub password: Option<SecretSource>,
    /// A private CA of the server's certificate.
    pub ca: Option<PathBuf>,
    /// This gate's name among those that share it.
    pub instance: Name,
}

/// `postgres://user:password@host:5432/database`; what is shown of it has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl Store {
    /// Reads what the top level says about it.
    pub(crate) fn read(top: &Section<'_>) -> Self {
        let (password, ca) = (SecretSource::read(top, "store_password"), top.file("store_ca"));
        let instance = top.parsed("instance", Name::parse);
        let Some(url) = top.text("store").filter(|text| text.value != "sqlite") else {
            let said = [("store_password", password.is_some()), ("store_ca", ca.is_some()), ("instance", instance.is_some())];
            for (name, _) in said.into_iter().filter(|(_, is_said)| *is_said) {
                top.mistake(name, format!("`{name}` is for a store at `postgres://…`"), "take it out: nothing would act on it".to_owned());
            }
            return Self::Sqlite;
        };
        // the address may hold a password: it is not shown
        let Some(address) = StoreUrl::parse(url.value) else {
            top.wrong_form("store", &url.at);
            return Self::Sqlite;
        };
        if password.is_some() && address.has_password() {
            let hint = "take it out of `store`".to_owned();
            top.mistake("store_password", "the store's password stands in two places", hint);
        }
        if !top.says("instance") {
            let hint = "give each gate a name of its own, such as `instance = \"gate-1\"`".to_owned();
            top.mistake("store", "a store that gates share needs an `instance`", hint);
        }
        instance.map_or(Self::Sqlite, |instance| Self::Postgres(Postgres { url: address, password, ca, instance }))
    }
}

impl StoreUrl {
    /// An address with a user, a host and a database; the store itself reads it whole.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        let (user, place) = rest.rsplit_once('@')?;
        let (host, database) = place.split_once('/')?;
        let named = |part: &str| !part.is_empty() && !part.starts_with([':', '?']);
        (named(user) && named(host) && named(database)).then(|| Self(text.to_owned()))
    }

    /// The whole of it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a password stands in it.
    pub fn has_password(&self) -> bool {
        self.user().contains(':')
    }

    fn user(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.rsplit_once('@').map_or("", |(user, _)| user)
    }
}

impl fmt::Display for StoreUrl {
    /// Without the password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.user().split(':').next().unwrap_or_default();
        let place = self.0.rsplit_once('@').map_or("", |(_, place)| place);
        write!(out, "postgres://{name}@{place}")
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "StoreUrl({self})")
    }
}
