//! Dialect v1: `in.php`, `res.php`, `solve.php` (2Captcha and its family, CaptchaAI).

pub mod callback;
mod encode;
mod names;
mod operation;
mod parse;
mod read;
pub mod render;
mod words;

pub use crate::{Incoming, Method, Misread, Presented};
pub use callback::Callback;
pub use encode::{Boundary, Outgoing, encode};
pub use operation::{AnswerForm, Call, FreeOperation, Operation, Submit};
pub use parse::{credential, guess_form, parse};
pub use read::{Charged, Part, Reading, Refused, Said, Shown, read};
pub use words::WordClass;
