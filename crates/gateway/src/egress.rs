//! How does a request reach its provider, and no other place? Addresses, connections, the answer's bytes.

pub(crate) mod address;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod exchange;
pub(crate) mod pool;
