//! Who wakes a gate when another one has changed keys? The database, on a connection that listens; a gate that is not told asks anyway.

use std::sync::Arc;

use tokio::sync::Notify;

/// The channel on which a change of the registry is told. Each database has its own.
macro_rules! channel {
    () => {
        "tollgate_registry"
    };
}
pub(crate) use channel;

/// Rung by a connection, heard by whoever waits; rung several times before that, it is heard once.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until it is rung, or was since it was last heard.
    pub(crate) async fn heard(&self) {
        self.0.notified().await;
    }
}
