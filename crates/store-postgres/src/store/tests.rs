//! The store as its callers see it: one database, both ports, over restarts.

use tempfile::TempDir;
use tollgate_registry::RegistryStore;

use super::{PostgresStore, Settings};
use crate::stand::{Server, run};

fn with_keys_in_a_fresh_database(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let (database, folder) = (Server::shared().database(), TempDir::new().unwrap());
    let memory = folder.path().join("book.seen");
    let store = PostgresStore::open(&Settings { url: &database.url(), memory, accept: false }).unwrap();
    run(law(&*store));
}

mod registry_laws {
    tollgate_registry::registry_laws!(super::with_keys_in_a_fresh_database);
}
