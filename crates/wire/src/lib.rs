//! Strict HTTP/1.1, both sides, sans I/O: bytes to a head and a body, and back.
//!
//! It accepts what clients really send and nothing else. What is absent: upgrades, trailers, obs-fold, chunk extensions,
//! content codings, HTTP/2, and every second way of saying where a message ends.

mod body;
mod bytes;
pub mod encode;
mod fields;
mod limits;
mod persistence;
mod proxy;
mod reject;
mod request;
mod response;

pub use body::{Decoder, Progress};
pub use encode::{EncodeError, FieldName};
pub use fields::Span;
pub use limits::Limits;
pub use proxy::{Proxied, ProxyError, parse_proxy};
pub use reject::Reject;
pub use request::{Framing, Method, RequestHead, parse_head};
pub use response::{AnswerFraming, ResponseError, ResponseHead, parse_response_head};
