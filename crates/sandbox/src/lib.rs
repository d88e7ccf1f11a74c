//! The stand-in: a provider of both dialects (`in.php`, `res.php`; JSON `createTask`) with keys, an address list, prices and books of its own.
//!
//! It is written against the wire facts and knows nothing of the gate: a mistake in the gate's reading of the dialect must not be hidden
//! by the same mistake here. It reads parameters as PHP does and JSON as its last member wins, so that a request two readers would understand differently shows up in its books.

mod answer;
mod books;
mod control;
mod exchange;
mod fields;
mod log;
mod message;
mod mode;
mod provider;
mod running;
mod state;
mod tap;

pub use mode::{ModeError, Pricing};
pub use running::{Options, Running, Sandbox};
