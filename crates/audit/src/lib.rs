//! Memory: the journal's lanes, the sealer, checkpoints, verification, replay.

mod aggregate;
mod health;
mod journal;
mod lane;
mod line;
mod place;
pub mod record;
mod sync;

pub use aggregate::Aggregator;
pub use health::LaneHealth;
pub use journal::{Journal, JournalError};
pub use lane::Lane;
pub use record::{Decision, Event, HoldEnd, Kind, Record};
pub use sync::Synced;
