//! Does every law hold though the process ends between any two calls? The file is closed and opened before each.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, HoldRow, Holder, Lease, LeaseWant, Opened, Reply, Store, UsageRow};
use tollgate_model::{Name, TaskId};

use super::super::SqliteStore;

/// A store that is opened anew for every call.
struct Reopening {
    path: PathBuf,
    folder: TempDir,
}

impl Reopening {
    fn store(&self) -> Arc<SqliteStore> {
        assert!(self.folder.path().exists());
        SqliteStore::open(&self.path).unwrap()
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

    fn unsettled(&self) -> Reply<'_, Vec<HoldRow>> {
        let store = self.store();
        Box::pin(async move { store.unsettled().await })
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (store, since, until) = (self.store(), since.to_owned(), until.to_owned());
        Box::pin(async move { store.usage(&since, &until).await })
    }
}

fn with_restarts(law: impl AsyncFnOnce(&dyn Store)) {
    let folder = TempDir::new().unwrap();
    let store = Reopening { path: folder.path().join("tollgate.db"), folder };
    super::run(law(&store));
}

tollgate_books::store_laws!(with_restarts);
