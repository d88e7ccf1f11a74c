//! What each provider says: parse, encode, classify, price class, outcome, refusals; sans I/O.
//!
//! The client's bytes end in `parse` and the provider's in `read`: what leaves is written anew from typed values, in both
//! directions. What is asked and answered is one set of types for all dialects; which words say it is the profile's dialect.

mod callback;
mod credential;
mod decimal;
mod incoming;
pub mod json;
mod language;
mod media;
mod misread;
pub mod multipart;
mod operation;
mod outgoing;
mod params;
pub mod profile;
mod reading;
mod render;
mod urlencoded;
pub mod v1;
pub mod v2;
mod value;
mod words;

pub use callback::Callback;
pub use credential::Presented;
pub use incoming::{Incoming, Method};
pub use language::{Unspoken, encode, guess_form, parse, read, usual_form};
pub use misread::Misread;
pub use operation::{AnswerForm, Call, FreeOperation, Operation, Submit, Verb};
pub use outgoing::{Boundary, Outgoing};
pub use profile::{Keys, Pace, Pricing, Profile, ProfileError};
pub use reading::{Charged, Reading, Refused, Said, Shown};
pub use render::Answering;
pub use v1::{Part, credential as presented};
pub use value::Value;
pub use words::WordClass;
