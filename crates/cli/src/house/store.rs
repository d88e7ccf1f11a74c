//! Where are money and keys kept? In the state folder's file, or in a database that several gates share.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tollgate_books::{Reply, Store};
use tollgate_config::{Config, Postgres, Store as Wanted};
use tollgate_registry::RegistryStore;
use tollgate_store_postgres::{PostgresStore, Settings};
use tollgate_store_sqlite::SqliteStore;

use super::watches;

/// The name under which the leases of a gate without others stand in its book; one process per state folder.
const ALONE: &str = "gate";
/// Where the gate remembers, in the state folder, what it has seen of a shared book.
const MEMORY: &str = "book.seen";

/// An opened store.
#[derive(Clone)]
pub(crate) enum Kept {
    /// The file.
    Sqlite(Arc<SqliteStore>),
    /// The database, and this gate's name in it.
    Postgres(Arc<PostgresStore>, String),
}

impl Kept {
    /// Opens what the configuration names; `accept` is an operator's word that a shared book is right though it is behind.
    pub(crate) fn open(config: &Config, accept: bool) -> Result<Self> {
        match &config.store {
            Wanted::Sqlite => Ok(Self::Sqlite(SqliteStore::open(&embedded(&config.state))?)),
            Wanted::Postgres(shared) => {
                let open = |settings: Settings<'_>| Ok(PostgresStore::open(&Settings { accept, ..settings })?);
                let store = with_shared(shared, &config.state, open)?;
                Ok(Self::Postgres(store, shared.instance.to_string()))
            }
        }
    }

    /// The book.
    pub(crate) fn book(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => store.clone(),
            Self::Postgres(store, _) => store.clone(),
        }
    }

    /// The keys.
    pub(crate) fn registry(&self) -> Arc<dyn RegistryStore> {
        match self {
            Self::Sqlite(store) => store.clone(),
            Self::Postgres(store, _) => store.clone(),
        }
    }

    /// Under which name this gate opens the book.
    pub(crate) fn instance(&self) -> &str {
        match self {
            Self::Sqlite(_) => ALONE,
            Self::Postgres(_, instance) => instance,
        }
    }

    /// Whether other gates change keys in it too.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(..))
    }

    /// Waits until another gate has told of a change of keys, where there are others.
    pub(crate) async fn told(&self) {
        match self {
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(store, _) => store.told().await,
        }
    }

    /// The book's own id.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Sqlite(store) => store.id(),
            Self::Postgres(store, _) => store.id(),
        }
    }

    /// Lane name → highest line number whose facts are in the book.
    pub(crate) fn replay_from(&self) -> Reply<'_, HashMap<String, u64>> {
        match self {
            Self::Sqlite(store) => store.replay_from(),
            Self::Postgres(store, instance) => store.replay_from(instance),
        }
    }

    /// Whether callers wait as long as a slow disk or server takes.
    pub(crate) fn be_patient(&self, patient: bool) {
        match self {
            Self::Sqlite(store) => store.be_patient(patient),
            Self::Postgres(store, _) => store.be_patient(patient),
        }
    }
}

/// Where the embedded store of a state folder is.
pub(crate) fn embedded(state: &Path) -> PathBuf {
    state.join("tollgate.db")
}

/// Does something with the database that the configuration names: with its password, and whom it trusts.
pub(crate) fn with_shared<T>(shared: &Postgres, state: &Path, work: impl FnOnce(Settings<'_>) -> Result<T>) -> Result<T> {
    let password = shared.password.as_ref().map(watches::store_password).transpose()?;
    let roots: Vec<CertificateDer<'static>> = match &shared.ca {
        None => rustls_native_certs::load_native_certs().certs,
        Some(file) => {
            let roots = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
            roots.with_context(|| format!("cannot read the store's authority `{}`", file.display()))?
        }
    };
    let password = password.as_ref().map(|version| version.secret.expose());
    work(Settings { url: shared.url.expose(), password, roots: &roots, memory: state.join(MEMORY), accept: false })
}
