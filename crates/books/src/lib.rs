//! Money: holds, leases, windows, settlement, task owners; the store port and its laws.
//!
//! The hot path is one short mutex per upstream account: no await, no I/O. It spends inside slices that the *clerk* has leased
//! from the durable book before; what happened is told to the book afterwards, as facts.

pub mod account;
mod adjust;
mod clerk;
mod gcra;
mod hold;
pub mod laws;
mod ledger;
mod mark;
pub mod memory;
mod open;
mod orphans;
pub mod port;
pub mod rates;
mod restored;
#[cfg(any(test, feature = "simulate"))]
pub mod simulate;
mod slot;
mod state;
pub mod stock;
mod task;
mod view;

pub use account::{Account, Tried, Wish};
pub use adjust::{Adjustment, Spent, taken_off};
pub use clerk::{Books, Clerk, GONE_MS};
pub use hold::{Closed, Hold, Sent, Unknown};
pub use ledger::Ledger;
pub use mark::LaneMark;
pub use open::Recovered;
pub use orphans::{Adopting, Orphan};
pub use port::{
    Counter, Fact, Fence, HoldRow, HoldState, Holder, Lease, LeaseWant, Opened, Reply, Store, StoreError, Unit, UsageRow, frees_at,
};
pub use rates::{Ask, Late, Paced, Rates, Share, Taken, Token};
pub use slot::LimitIx;
pub use task::{Ending, Owned, busy_ms};
pub use view::{LimitShown, LimitView};
