//! Dialect v1: `in.php`, `res.php`, `solve.php` (2Captcha and its family, CaptchaAI).

pub(crate) mod encode;
mod names;
mod parse;
mod read;
pub mod render;
mod words;

pub use crate::{AnswerForm, Boundary, Call, Callback, Charged, FreeOperation, Incoming, Method, Misread, Operation, Outgoing};
pub use crate::{Presented, Reading, Refused, Said, Shown, Submit, Verb, WordClass, encode};
pub use parse::{credential, guess_form, parse};
pub use read::{Part, read};
