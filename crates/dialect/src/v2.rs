//! Dialect v2: JSON `createTask`, `getTaskResult`, `getBalance` and reports (Anti-Captcha and its family, `CapSolver`).

pub(crate) mod encode;
mod parse;
mod read;
pub mod render;
mod task;
mod words;

pub use parse::{FORM, parse};
pub use read::read;
pub(crate) use task::Task;
