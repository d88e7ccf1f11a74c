//! End-to-end tests: shared pieces for driving the real binary, as another program would.

mod canary;
pub mod crash;
mod http;
mod process;
mod sdk;
mod stand;

pub use canary::forms;
pub use http::{Answer, call, exchange, from, unix};
pub use process::{Process, binary, drive, run};
pub use sdk::{Driver, Sdk};
pub use stand::{Setup, Stand, poll, submission};
