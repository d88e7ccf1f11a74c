//! Shared rates: one Redis that counts requests for several gates, and each gate's own share while it is away; never money.

mod keeper;
mod link;
mod names;
mod rates;
mod script;
mod tls;
mod trouble;
mod way;

pub use link::{Settings, Topology};
pub use rates::{Counts, RedisRates};
pub use trouble::Trouble;
pub use way::Clock;

#[cfg(test)]
mod stand;
#[cfg(test)]
mod tests;
