//! The store as its callers see it: one database, both ports, over restarts.

use tempfile::TempDir;
use tollgate_books::Store;
use tollgate_registry::RegistryStore;

use super::{PostgresStore, Settings};
use crate::stand::{Server, run};

fn with_keys_in_a_fresh_database(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let (database, folder) = (Server::shared().database(), TempDir::new().unwrap());
    let memory = folder.path().join("book.seen");
    let store = PostgresStore::open(&Settings { url: &database.url(), memory, accept: false }).unwrap();
    run(law(&*store));
}

fn in_a_fresh_database(law: impl AsyncFnOnce(&dyn Store)) {
    let (database, folder) = (Server::shared().database(), TempDir::new().unwrap());
    let memory = folder.path().join("book.seen");
    let store = PostgresStore::open(&Settings { url: &database.url(), memory, accept: false }).unwrap();
    run(law(&*store));
}

mod laws {
    tollgate_books::store_laws!(super::in_a_fresh_database);
}

mod registry_laws {
    tollgate_registry::registry_laws!(super::with_keys_in_a_fresh_database);
}
