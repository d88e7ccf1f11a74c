//! The handlers, one file a noun.

pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod plan;
pub(crate) mod raise;
pub(crate) mod teams;
pub(crate) mod trace;
pub(crate) mod upstreams;
pub(crate) mod usage;
