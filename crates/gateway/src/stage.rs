//! What has been proved so far? The values that rooms hand on; only its room can make each.
//!
//! A paid submission walks `Arrival` → `Call` → `Identified` → `Located` → `Fresh` → `Timely` → `Reserved` → `Armed` → `Intended` →
//! `Answered` → `Settled`. A free read of an owned task leaves the row behind `Located`, is `Owned` and `Paced`, and is
//! armed and sent from there. Every field is private to the room: a room that is skipped does not compile (`tests/skipped_rooms.rs`).

pub use crate::room::again::Fresh;
pub use crate::room::allow::Reserved;
pub use crate::room::arm::{Armed, Sendable};
pub use crate::room::identify::Identified;
pub use crate::room::intend::Intended;
pub use crate::room::listen::Arrival;
pub use crate::room::locate::Located;
pub use crate::room::own::Owned;
pub use crate::room::pace::Paced;
pub use crate::room::send::Answered;
pub use crate::room::settle::Settled;
pub use crate::room::time::Timely;
pub use crate::room::understand::Understood;
