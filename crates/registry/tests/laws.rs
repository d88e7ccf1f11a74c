//! The reference store of keys obeys the laws.

use tollgate_registry::{MemoryStore, RegistryStore};

#[expect(clippy::unwrap_used, reason = "a test without a runtime has nothing to say")]
fn on_a_fresh_store(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(law(&MemoryStore::new()));
}

tollgate_registry::registry_laws!(on_a_fresh_store);
