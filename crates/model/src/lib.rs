//! The words everything else is said in: ids, money, time, limits, denials; no I/O, no async.

pub mod cidr;
pub mod denial;
pub mod fault;
mod fingerprint;
mod hex;
pub mod id;
pub mod limit;
pub mod money;
pub mod name;
pub mod secret;
pub mod time;
pub mod verdict;

pub use cidr::{Cidr, CidrSet};
pub use denial::{Denial, DenialCode, Failure, FailureCode, Retry, Side};
pub use fingerprint::Fingerprint;
pub use hex::hex_of;
pub use id::{KeyId, RequestId, TaskId};
pub use limit::{Amount, Limit, LimitKind, Period, Raise, Rate, Reset, Scope, Window, Zone};
pub use money::Money;
pub use name::Name;
pub use secret::{CredentialHash, Pepper, Secret, VirtualKey, wipe};
pub use time::{Mono, Now, Timestamp};
pub use verdict::{Factor, Verdict};
