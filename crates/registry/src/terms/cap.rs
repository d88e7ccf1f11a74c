//! How is a cap written? One text that parses to a limit and prints as it was written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tollgate_model::LimitKind;
use tollgate_model::limit::LimitError;

/// A newtype over `LimitKind::Cap` whose text, in serde too, is the one that a person writes.
macro_rules! cap {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(LimitKind);

        impl $name {
            /// Parses its text.
            pub fn parse(text: &str) -> Result<Self, LimitError> {
                $parse(text).map(Self)
            }

            /// The limit.
            pub const fn kind(&self) -> &LimitKind {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = LimitError;

            fn from_str(text: &str) -> Result<Self, LimitError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(|reason| serde::de::Error::custom(format!("`{text}`: {reason}")))
            }
        }
    };
}

cap! {
    /// A cap in dollars: `25/day`, `400/month Europe/Berlin`.
    Cap, LimitKind::parse_cap
}

cap! {
    /// A cap in tasks: `5000/day`.
    TaskCap, LimitKind::parse_tasks
}
