//! The desk: the admin API over a Unix socket and a loopback port, and metrics.

pub mod access;
pub mod act;
mod body;
pub mod client;
pub mod day;
pub mod desk;
mod etag;
#[cfg(test)]
mod fixture;
mod form;
pub mod gate;
mod on_record;
mod openapi;
mod owned;
pub mod problem;
mod repeat;
pub mod route;
pub mod server;
mod shown;
mod verb;

pub use access::{Door, Token};
pub use act::{Acts, AdminAct, Stage, Unwritten, Writing};
pub use day::Day;
pub use desk::{Clock, Desk, start};
pub use form::{key_terms, team_terms};
pub use gate::{
    AdjustedShown, Adjusting, Counts, Finding, Gate, NotAdjusted, Pending, PlanShown, RateCounts, RealKey, ResolvedShown, UnknownShown,
    UpstreamShown, Whose,
};
pub use openapi::document as openapi;
pub use problem::{Kind, Problem};
pub use route::{ROUTES, Route, Verb};
pub use server::{Doors, Running};
