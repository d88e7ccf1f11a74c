//! Judgement: network, hours, validity, price; pure functions from facts to a verdict.

pub mod brake;
pub mod callback;
pub mod duration;
pub mod hours;
pub mod judge;
pub mod network;
pub mod policy;
pub mod price;
pub mod validity;

pub use brake::{Brake, BrakeError};
pub use callback::{CallbackHost, HostError};
pub use hours::{Hours, HoursError, Opening};
pub use judge::{Explanation, Judged, Supposed};
pub use network::{ForwardedHeader, TrustedProxies, Untold};
pub use policy::{Methods, Observe, Observed, Policy};
pub use price::{PriceError, PriceTable, Pricing};
pub use validity::Validity;
