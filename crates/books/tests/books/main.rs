//! The books as the rooms use them, over the reference store and a clock that is set: spending, tasks, windows, restarts.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod caps;
mod desk;
mod restarts;
mod shared;
mod tasks;
mod windows;
