//! Dialect v1 seen from outside: what real clients send, what hostile ones send, what PHP makes of it, what callers read.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that meets the unexpected fails its test by panicking")]

mod captures;
mod confusion;
mod generate;
mod law;
mod measure;
mod money;
mod php;
mod refusals;
mod support;
