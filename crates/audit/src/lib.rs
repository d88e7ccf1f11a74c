//! Memory: the journal's lanes, the sealer, checkpoints, verification, replay.

mod aggregate;
mod answered;
mod checkpoint;
mod correction;
mod entry;
mod floor;
mod health;
mod journal;
mod lane;
mod line;
mod nameless;
mod place;
mod query;
mod reader;
pub mod record;
mod replay;
mod seal;
mod sidecar;
mod sync;
mod tree;
mod verify;

pub use aggregate::Aggregator;
pub use answered::{Answered, answered};
pub use correction::{CORRECTION, Corrected, Correction};
pub use floor::Floor;
pub use health::LaneHealth;
pub use journal::{Journal, JournalError};
pub use lane::Lane;
pub use query::{Follow, Found, about, find, tail};
pub use record::{Decision, Event, HoldEnd, Idempotency, Kind, Record};
pub use replay::{Happened, ReplayError, Replayed, replay};
pub use seal::{SealError, Sealer};
pub use sync::Synced;
pub use verify::{Finding, Verified, verify};
