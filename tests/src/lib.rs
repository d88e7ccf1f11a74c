//! End-to-end tests: shared pieces for driving the real binary, as another program would.

pub mod admissions;
mod canary;
mod chance;
pub mod cluster;
pub mod crash;
pub mod flat;
pub mod framing;
pub mod histories;
mod http;
mod link;
mod place;
mod postgres;
mod process;
mod redis;
mod request;
pub mod restart;
mod sdk;
mod stand;
mod stub;
pub mod task;
mod witness;

pub use canary::{Search, forms};
pub use http::{Answer, Kept, answers, call, exchange, exchange_from, from, unix};
pub use link::{Link, Wire};
pub use place::{Place, REAL_KEY};
pub use postgres::Postgres;
pub use process::{Process, binary, drive, fault_binary, instant, run, run_with};
pub use redis::Redis;
pub use request::{FORM, JSON, MULTIPART, get, multipart, post};
pub use sdk::{Driver, Sdk};
pub use stand::{Setup, Stand, closed_hours, poll, submission};
pub use stub::{Said, Stub};
pub use witness::Witness;
