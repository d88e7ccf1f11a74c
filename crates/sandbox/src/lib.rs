//! The stand-in: a provider of the v1 dialect (`in.php`, `res.php`) with keys, an address list, prices and books of its own.
//!
//! It is written against the wire facts and knows nothing of the gate: a mistake in the gate's reading of the dialect must not be hidden
//! by the same mistake here. It reads parameters as PHP does, so that a request two readers would understand differently shows up in its books.

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
