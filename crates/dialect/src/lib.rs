//! What each provider says: parse, encode, classify, price class, outcome, refusals; sans I/O.
//!
//! The client's bytes end in `parse` and the provider's in `read`: what leaves is written anew from typed values, in both
//! directions.

mod credential;
mod decimal;
mod incoming;
pub mod json;
mod media;
mod misread;
pub mod multipart;
mod params;
pub mod profile;
mod urlencoded;
pub mod v1;
mod value;

pub use credential::Presented;
pub use incoming::{Incoming, Method};
pub use misread::Misread;
pub use profile::{Keys, Pricing, Profile, ProfileError};
pub use value::Value;
