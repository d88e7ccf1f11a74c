//! Dialect v2 seen from outside: what real clients send, what hostile ones send, what it costs, what callers read.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that meets the unexpected fails its test by panicking")]

mod clients;
mod confusion;
mod law;
mod money;
mod refusals;
mod support;
