//! What may a key do? Its policy, as the registry keeps it; limits stand beside it, since the books count them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tollgate_model::{CidrSet, Timestamp};

use crate::callback::CallbackHost;
use crate::hours::Hours;
use crate::validity::Validity;

/// What a key may do; `Policy::closed()` may do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Addresses it may be used from; empty is none.
    pub allow: CidrSet,
    /// Weekdays and hours; absent is any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// First instant at which it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// First instant at which it no longer acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Milliseconds without use after which it no longer acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<i64>,
    /// Methods it may submit.
    pub methods: Methods,
    /// Hosts that it may name as a callback; empty is none.
    #[serde(default)]
    pub callbacks: Vec<CallbackHost>,
    /// Checks that are recorded and let pass for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observe: Option<Observe>,
}

/// Methods that a key may submit; serialized as `"any"` or as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Every method that has a price.
    Any,
    /// These; empty is none.
    Only(BTreeSet<Box<str>>),
}

/// Checks that do not refuse until an instant, but are recorded as `would_deny`; never identity, never caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// The address.
    #[serde(default)]
    pub network: bool,
    /// The weekdays and hours.
    #[serde(default)]
    pub hours: bool,
    /// The rate.
    #[serde(default)]
    pub rate: bool,
    /// First instant at which they refuse again.
    pub until: Timestamp,
}

/// A check that can be observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The address.
    Network,
    /// The weekdays and hours.
    Hours,
    /// The rate.
    Rate,
}

impl Policy {
    /// The policy that refuses everything: what a new one starts from.
    pub const fn closed() -> Self {
        Self {
            allow: CidrSet::new(Vec::new()),
            hours: None,
            not_before: None,
            expires: None,
            idle_ms: None,
            methods: Methods::Only(BTreeSet::new()),
            callbacks: Vec::new(),
            observe: None,
        }
    }

    /// The key's life.
    pub const fn validity(&self) -> Validity {
        Validity { not_before: self.not_before, expires: self.expires, idle_ms: self.idle_ms }
    }

    /// Whether this check is only recorded now.
    pub fn observes(&self, check: Observed, now: Timestamp) -> bool {
        self.observe.is_some_and(|observe| {
            let named = match check {
                Observed::Network => observe.network,
                Observed::Hours => observe.hours,
                Observed::Rate => observe.rate,
            };
            named && now < observe.until
        })
    }
}

impl Methods {
    /// The list of these methods.
    pub fn only<M: Into<Box<str>>>(methods: impl IntoIterator<Item = M>) -> Self {
        Self::Only(methods.into_iter().map(Into::into).collect())
    }

    /// Whether the method is one of them.
    pub fn hold(&self, method: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(methods) => methods.contains(method),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    List(BTreeSet<Box<str>>),
}

impl Serialize for Methods {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Only(methods) => methods.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::List(methods) => Ok(Self::Only(methods)),
            Written::Word(word) if word == "any" => Ok(Self::Any),
            Written::Word(_) => Err(serde::de::Error::custom("expected `any` or a list of methods")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_survives_the_store() {
        let mut policy = Policy::closed();
        policy.allow = CidrSet::new(vec!["203.0.113.0/24".parse().unwrap()]);
        policy.hours = Some(Hours::parse("Mon-Fri 09:00-17:00 Europe/Berlin; Sat 10:00-12:00").unwrap());
        policy.expires = Some(Timestamp::from_millis(1));
        policy.callbacks = vec![CallbackHost::parse("hooks.example.com").unwrap()];
        policy.observe = Some(Observe { network: true, hours: false, rate: false, until: Timestamp::from_millis(2) });
        for methods in [Methods::Any, Methods::only(["post", "base64"]), Methods::only::<&str>([])] {
            policy.methods = methods;
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy, "{text}");
        }
    }

    #[test]
    fn a_policy_with_an_unknown_member_or_without_its_lists_is_refused() {
        for text in [
            r#"{"allow":[],"methods":"any","role":"admin"}"#,
            r#"{"methods":"any"}"#,
            r#"{"allow":[]}"#,
            r#"{"allow":[],"methods":"all"}"#,
            r#"{"allow":[],"methods":"any","hours":[]}"#,
            r#"{"allow":["0.0.0.1/0"],"methods":"any"}"#,
        ] {
            assert!(serde_json::from_str::<Policy>(text).is_err(), "{text}");
        }
    }
}
