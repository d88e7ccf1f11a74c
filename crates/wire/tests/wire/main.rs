//! Does the codec keep to its grammar? Tables, every split, round trips, and a general server beside it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod answers;
mod beside_hyper;
mod chunks;
mod encode;
mod heads;
mod mutations;
mod proxy;
mod smuggling;
mod splits;

pub(crate) use tollgate_tests::framing::table as corpus;
