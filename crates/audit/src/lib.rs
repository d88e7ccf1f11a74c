//! Memory: the journal's lanes, the sealer, checkpoints, verification, replay.

pub mod record;

pub use record::{Decision, Event, HoldEnd, Kind, Record};
