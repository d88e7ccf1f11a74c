//! End-to-end tests: shared pieces for driving the real binary, as another program would.

mod canary;
pub mod crash;
mod http;
mod process;
mod request;
mod sdk;
mod stand;
mod stub;

pub use canary::{Search, forms};
pub use http::{Answer, answers, call, exchange, exchange_from, from, unix};
pub use process::{Process, binary, drive, run};
pub use request::{FORM, JSON, MULTIPART, get, multipart, post};
pub use sdk::{Driver, Sdk};
pub use stand::{Setup, Stand, poll, submission};
pub use stub::{Said, Stub};
