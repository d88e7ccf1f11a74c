//! Money: holds, leases, windows, settlement, task owners; the store port and its laws.

pub mod port;

pub use port::{Counter, Fact, Fence, HoldRow, HoldState, Holder, Lease, LeaseWant, Opened, Reply, Store, StoreError, Unit, UsageRow};
