//! Does every law hold though the process ends between any two calls? The store is opened anew before each.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, HoldRow, Holder, Lease, LeaseWant, Opened, Reply, Spent, Store, UsageRow};
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, RequestId, TaskId, Timestamp};
use tollgate_registry::{Applied, Changes, Edit, Loaded, RegistryStore};

use super::super::PostgresStore;
use crate::stand::{Database, Server, run};

/// A store that is opened anew for every call.
struct Reopening {
    database: Database<'static>,
    gate: TempDir,
}

impl Reopening {
    fn store(&self) -> Arc<PostgresStore> {
        self.database.store(self.gate.path())
    }
}

impl Store for Reopening {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        let (store, instance, boot) = (self.store(), instance.to_owned(), boot.to_owned());
        Box::pin(async move { store.open(&instance, &boot, journal_whole).await })
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        let store = self.store();
        Box::pin(async move { store.lease(fence, wants).await })
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        let store = self.store();
        Box::pin(async move { store.post(fence, facts, upto, give_back).await })
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        let (store, upstream) = (self.store(), upstream.clone());
        Box::pin(async move { store.owner(&upstream, task).await })
    }

    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        let store = self.store();
        Box::pin(async move { store.unsettled(behind, most).await })
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        let store = self.store();
        Box::pin(async move { store.spent(key, from, to).await })
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (store, since, until) = (self.store(), since.to_owned(), until.to_owned());
        Box::pin(async move { store.usage(&since, &until).await })
    }
}

impl RegistryStore for Reopening {
    fn load(&self, fresh: Pepper) -> Reply<'_, Loaded> {
        let store = self.store();
        Box::pin(async move { store.load(fresh).await })
    }

    fn mark(&self, mark: CredentialHash) -> Reply<'_, CredentialHash> {
        let store = self.store();
        Box::pin(async move { store.mark(mark).await })
    }

    fn apply(&self, expected: u64, edit: Edit) -> Reply<'_, Applied> {
        let store = self.store();
        Box::pin(async move { store.apply(expected, edit).await })
    }

    fn changes(&self, since: u64) -> Reply<'_, Changes> {
        let store = self.store();
        Box::pin(async move { store.changes(since).await })
    }

    fn used(&self, uses: Vec<(KeyId, Timestamp)>) -> Reply<'_, ()> {
        let store = self.store();
        Box::pin(async move { store.used(uses).await })
    }
}

fn with_restarts(law: impl AsyncFnOnce(&dyn Store)) {
    let store = Reopening { database: Server::shared().database(), gate: TempDir::new().unwrap() };
    run(law(&store));
}

mod laws {
    tollgate_books::store_laws!(super::with_restarts);
}

fn with_keys_and_restarts(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let store = Reopening { database: Server::shared().database(), gate: TempDir::new().unwrap() };
    run(law(&store));
}

mod registry_laws {
    tollgate_registry::registry_laws!(super::with_keys_and_restarts);
}
