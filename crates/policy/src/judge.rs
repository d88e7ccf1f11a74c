//! Does a factor agree? The judgements that the rooms ask for, and the same ones for a request that was never sent.

use std::net::IpAddr;

use tollgate_model::{Denial, DenialCode, Factor, Timestamp, Verdict};

use crate::network::Untold;
use crate::policy::{Observed, Policy};

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Agreed.
    Agreed,
    /// Refused.
    Denied(Denial),
    /// Would have been refused; the check is observed.
    WouldDeny(Denial),
}

/// A request that was not sent: what `explain` is asked about.
#[derive(Clone, Debug)]
pub struct Supposed<'a> {
    /// The client's address.
    pub client: Result<IpAddr, Untold>,
    /// When.
    pub at: Timestamp,
    /// When the key was last used, or made.
    pub last_used: Timestamp,
    /// The method submitted.
    pub method: Option<&'a str>,
    /// The host of its callback.
    pub callback: Option<&'a str>,
    /// What the registry says about the key: revoked, paused.
    pub identity: Judged,
    /// What the books say about its limits.
    pub allowance: Judged,
}

/// The four judgements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Who asks.
    pub identity: Judged,
    /// From where.
    pub network: Judged,
    /// Within which allowance: methods, callbacks, limits.
    pub allowance: Judged,
    /// When.
    pub time: Judged,
}

/// Whether the key may be used from this address.
pub fn locate(policy: &Policy, client: Result<IpAddr, Untold>, now: Timestamp) -> Judged {
    let judged = match client {
        Ok(address) if policy.allow.contains(address) => Ok(()),
        Ok(address) => Err(Denial::new(DenialCode::NetworkDenied, format!("{address} is not on the key's list"))),
        Err(untold) => Err(untold.denial()),
    };
    soften(policy, Observed::Network, judged, now)
}

/// Whether the key has not ended, by expiry or by being unused; `last_used` is its creation if it was never used.
/// Asked where the key is identified, since an ended key is unknown to the outside.
pub fn unended(policy: &Policy, now: Timestamp, last_used: Timestamp) -> Judged {
    policy.validity().unended(now, last_used).into()
}

/// Whether the key has begun and is inside its weekdays and hours; asked for what can cost, never for polls.
pub fn timely(policy: &Policy, now: Timestamp) -> Judged {
    if let Err(denial) = policy.validity().begun(now) {
        return Judged::Denied(denial);
    }
    let judged = policy.hours.as_ref().map_or(Ok(()), |hours| hours.permit(now));
    soften(policy, Observed::Hours, judged, now)
}

/// What a reached rate means for this key: a refusal, unless rates are observed.
pub fn rated(policy: &Policy, denial: Denial, now: Timestamp) -> Judged {
    soften(policy, Observed::Rate, Err(denial), now)
}

/// Whether the key may submit this method.
pub fn permits_method(policy: &Policy, method: &str) -> Judged {
    if policy.methods.hold(method) {
        Judged::Agreed
    } else {
        Judged::Denied(Denial::new(DenialCode::OperationDenied, "the method is not on the key's list"))
    }
}

/// Whether the key may name this host as a callback; a host is compared whole, without its case.
pub fn permits_callback(policy: &Policy, host: &str) -> Judged {
    if policy.callbacks.iter().any(|permitted| permitted.is(host)) {
        Judged::Agreed
    } else {
        Judged::Denied(Denial::new(DenialCode::CallbackDenied, "the callback's host is not on the key's list"))
    }
}

/// What the rooms would say to a supposed request.
pub fn explain(policy: &Policy, supposed: Supposed<'_>) -> Explanation {
    let method = supposed.method.map_or(Judged::Agreed, |method| permits_method(policy, method));
    let callback = supposed.callback.map_or(Judged::Agreed, |host| permits_callback(policy, host));
    Explanation {
        identity: supposed.identity,
        network: locate(policy, supposed.client, supposed.at),
        allowance: method.and(callback).and(supposed.allowance),
        time: unended(policy, supposed.at, supposed.last_used).and(timely(policy, supposed.at)),
    }
}

fn soften(policy: &Policy, check: Observed, judged: Result<(), Denial>, now: Timestamp) -> Judged {
    match judged {
        Ok(()) => Judged::Agreed,
        Err(denial) if policy.observes(check, now) => Judged::WouldDeny(denial),
        Err(denial) => Judged::Denied(denial),
    }
}

impl Judged {
    /// The answer as a record has it.
    pub const fn factor(&self) -> Factor {
        match self {
            Self::Agreed => Factor::Ok,
            Self::Denied(_) => Factor::No,
            Self::WouldDeny(_) => Factor::WouldDeny,
        }
    }

    /// Whether the request may go on; what would have refused it goes with it.
    pub fn passed(self) -> Result<Option<Denial>, Denial> {
        match self {
            Self::Agreed => Ok(None),
            Self::Denied(denial) => Err(denial),
            Self::WouldDeny(denial) => Ok(Some(denial)),
        }
    }

    /// This judgement if it is a refusal, else the other one, unless only this would have refused.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied(denial), _) | (_, Self::Denied(denial)) => Self::Denied(denial),
            (Self::WouldDeny(denial), _) | (_, Self::WouldDeny(denial)) => Self::WouldDeny(denial),
            (Self::Agreed, Self::Agreed) => Self::Agreed,
        }
    }

    /// The denial, also one that was only recorded.
    pub const fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Agreed => None,
            Self::Denied(denial) | Self::WouldDeny(denial) => Some(denial),
        }
    }
}

impl From<Result<(), Denial>> for Judged {
    fn from(judged: Result<(), Denial>) -> Self {
        judged.map_or_else(Self::Denied, |()| Self::Agreed)
    }
}

impl Explanation {
    /// The four answers.
    pub const fn verdict(&self) -> Verdict {
        Verdict {
            identity: self.identity.factor(),
            network: self.network.factor(),
            allowance: self.allowance.factor(),
            time: self.time.factor(),
        }
    }

    /// The refusal that the request would meet first, in the order of the rooms; nothing if it would pass.
    pub fn refusal(&self) -> Option<&Denial> {
        let in_order = [&self.identity, &self.network, &self.time, &self.allowance];
        in_order.into_iter().find_map(|judged| match judged {
            Judged::Denied(denial) => Some(denial),
            Judged::Agreed | Judged::WouldDeny(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
