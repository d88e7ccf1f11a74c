//! What did not happen, and why? A denial is our no; a failure is something broken.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names of an enum in the one spelling that header, audit, metrics and documentation share.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands in header, audit, metrics and documentation.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}

codes! {
    /// Why we said no; a contract (`Tollgate-Denied`).
    DenialCode {
        /// No credential, or none that we know.
        Unauthenticated = "unauthenticated",
        /// The request can be read in two ways.
        AmbiguousRequest = "ambiguous_request",
        /// The request cannot be read.
        Malformed = "malformed",
        /// The operation is not on the list, or not allowed to this key.
        OperationDenied = "operation_denied",
        /// The address is not on the key's list.
        NetworkDenied = "network_denied",
        /// Outside the key's weekdays and hours.
        OutsideHours = "outside_hours",
        /// Before the key's first instant.
        NotYetValid = "not_yet_valid",
        /// After the key's last instant; `unauthenticated` outside.
        Expired = "expired",
        /// Withdrawn; `unauthenticated` outside.
        Revoked = "revoked",
        /// The key, its team or the upstream is paused.
        Paused = "paused",
        /// More requests a minute than the rate allows.
        RateLimited = "rate_limited",
        /// As many open tasks as the limit allows.
        ConcurrencyLimited = "concurrency_limited",
        /// A cap in money or tasks is reached.
        CapReached = "cap_reached",
        /// The provider's balance is at the floor.
        BalanceFloor = "balance_floor",
        /// The same submission again.
        Duplicate = "duplicate",
        /// The task is another key's, or nobody's.
        NotOwner = "not_owner",
        /// The callback's host is not on the key's list.
        CallbackDenied = "callback_denied",
        /// A budget of ours (connections, bytes, calls in flight) is used up.
        Overloaded = "overloaded",
        /// The audit log cannot be written.
        AuditUnavailable = "audit_unavailable",
        /// The books cannot be reached.
        BooksUnavailable = "books_unavailable",
        /// The real key cannot be had.
        SecretUnavailable = "secret_unavailable",
        /// The clock is in doubt.
        ClockSuspect = "clock_suspect",
    }
}

codes! {
    /// What broke; a contract like the denials, in the record's `denied_by` and the answer's words.
    FailureCode {
        /// Sent, no usable answer: it may have been bought.
        OutcomeUnknown = "outcome_unknown",
        /// The provider refused our key, our address or our balance.
        UpstreamAccount = "upstream_account",
        /// Nothing was sent: the provider could not be reached.
        UpstreamUnreachable = "upstream_unreachable",
        /// The answer held the live real key and was withheld.
        LeakWithheld = "leak_withheld",
    }
}

/// A no of ours: the code that the caller may know, and the reason that only the record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The code.
    pub code: DenialCode,
    /// The reason in words, for the record and `explain`; never a credential.
    pub reason: std::borrow::Cow<'static, str>,
    /// Milliseconds after which asking again may help.
    pub retry_after_ms: Option<u64>,
}

impl Denial {
    /// A denial with its reason.
    pub fn new(code: DenialCode, reason: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into(), retry_after_ms: None }
    }

    /// The same, with the wait after which asking again may help.
    #[must_use]
    pub fn retry_after(mut self, millis: u64) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }
}

/// Whose trouble a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Gate,
    /// The provider's.
    Upstream,
}

/// Whether sending the same again is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing was bought.
    Safe,
    /// It may have been bought.
    Never,
}

/// Something broke on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code.
    pub code: FailureCode,
    /// Whose trouble it is.
    pub side: Side,
    /// Whether sending again is safe.
    pub retry: Retry,
    /// What happened, for the record; never a URL, never a credential.
    pub detail: std::borrow::Cow<'static, str>,
}
