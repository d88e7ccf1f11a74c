//! The corridor: listeners, rooms, errands, egress, responses.

mod brake;
mod breaker;
pub mod clock;
mod corridor;
mod crowd;
mod deadline;
mod drift;
pub mod egress;
mod errand;
mod fault;
mod feed;
#[cfg(test)]
mod fixture;
pub mod gate;
mod governor;
mod guests;
mod journal;
mod me;
mod random;
mod recent;
mod refusal;
mod repeats;
mod room;
mod serve;
pub mod settings;
pub mod stage;
pub mod start;
mod strangers;
pub mod tally;
mod worker;

pub use brake::{Pace, Runaway};
pub use breaker::Breaker;
pub use crowd::Crowd;
pub use drift::Drift;
pub use feed::Feed;
pub use gate::{Bound, Gate, Upstream, Upstreams};
pub use governor::Governor;
pub use guests::Guests;
pub use recent::Recent;
pub use repeats::{KEPT_MS, Kept, Repeats};
pub use settings::{Budgets, Listener, Settings, Timeouts};
pub use start::{Desk, Running, bind, start};
pub use strangers::Strangers;
pub use tally::Tally;
