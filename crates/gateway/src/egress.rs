//! How does a request reach its provider, and no other place? Addresses, connections, the answer's bytes.

pub mod address;
pub(crate) mod connection;
pub mod dial;
pub(crate) mod exchange;
pub(crate) mod pool;
