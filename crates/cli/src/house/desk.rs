//! What does the desk ask of the running gate? Limits, findings, counts, and what it would answer.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use tollgate_books::{LimitIx, LimitView};
use tollgate_config::Config;
use tollgate_gateway::{Bound, Gate, Upstream};
use tollgate_model::{Limit, Name, Scope, Timestamp};
use tollgate_policy::judge::{self, Explanation, Judged, Supposed};
use tollgate_registry::Key;
use tollgate_secrets::Recognised;

use super::upstreams::Opened;
use super::watches::Troubles;

/// The gate as the desk sees it.
pub(crate) struct Inside {
    gate: Arc<Gate>,
    upstreams: Vec<(Arc<Upstream>, Arc<[LimitIx]>)>,
    troubles: Troubles,
    state: PathBuf,
}

/// Below this much room on the disk somebody should know.
const LITTLE_ROOM: u64 = 1 << 30;

impl Inside {
    pub(crate) fn new(gate: Arc<Gate>, config: &Config, upstreams: &Opened, troubles: Troubles) -> Self {
        Self { gate, upstreams: upstreams.with_limits.clone(), troubles, state: config.state.clone() }
    }

    /// Where a key's own limits and its team's stand.
    async fn limits_of(&self, key: &Key<Bound>) -> Vec<LimitView> {
        let views = self.gate.books.view(&key.attachment.upstream.account, &key.attachment.limits).await;
        views.into_iter().filter(|view| !matches!(view.limit.scope, Scope::Upstream(_))).collect()
    }

    fn key(&self, name: &Name) -> Option<Arc<Key<Bound>>> {
        self.gate.registry.snapshot().key(name.as_str()).cloned()
    }
}
