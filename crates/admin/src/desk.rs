//! What is on the desk? Everything that the handlers are given.

use std::sync::Arc;

use tollgate_model::Now;

/// The one reader of the clocks, as a closure.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;
