//! Reading: file and environment to checked settings, every mistake at once.

mod admin;
mod config;
mod doors;
mod environment;
mod field;
mod in_force;
mod limits;
mod listener;
mod mistake;
mod nearest;
mod network;
mod notice;
mod origin;
mod page;
mod profile;
mod reference;
mod section;
mod size;
mod source;
mod template;
mod tls;
mod upstream;

pub use admin::Admin;
pub use config::{Audit, Config, Durability, Store};
pub use environment::{Client, ClientError, Environment, Process};
pub use limits::{Limits, Timeouts};
pub use listener::Listener;
pub use mistake::{Mistake, Mistakes};
pub use network::Network;
pub use origin::{Origin, OriginError, OriginHost};
pub use reference::reference;
pub use source::SecretSource;
pub use template::template;
pub use tls::Tls;
pub use upstream::{Plan, Upstream};
