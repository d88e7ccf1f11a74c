//! Do the terms make sense together? Each mistake says what to do.

use std::collections::HashSet;

use tollgate_model::cidr::CidrError;
use tollgate_model::{Cidr, LimitKind, Money, Timestamp};
use tollgate_policy::{Methods, PriceTable};

use super::{Allow, KeyTerms, LimitTerms, TeamTerms};

/// Why terms are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Nothing bounds what the key spends.
    #[error("nothing bounds what this key may spend: give `--cap`, `--tasks` or `--concurrency`, or say `--cap none`")]
    NoLimit,
    /// No address at all.
    #[error("the key could be used from nowhere: give `--allow CIDR`, or say `--allow any`")]
    NoAddress,
    /// Not a block of addresses.
    #[error("`{text}`: {reason}")]
    Address {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: CidrError,
    },
    /// A block of a whole address family.
    #[error("`{0}` is every address: say `--allow any` if that is meant")]
    EveryAddress(Cidr),
    /// A cap, and the word that there is none.
    #[error("`--cap none` beside the cap `{0}`: leave one of them out")]
    CapAndNone(String),
    /// Two caps that count the same.
    #[error("a second cap counts the same as `{0}`: keep the lower one")]
    SameCounter(String),
    /// No task at all.
    #[error("a concurrency of zero is never meant: pause instead")]
    NoConcurrency,
    /// A cap in money where a task costs none.
    #[error(
        "a cap in money bounds nothing here, since this upstream sells threads: cap `--tasks` or `--concurrency`, or give its methods prices"
    )]
    MoneyWithoutPrice,
    /// A method without a price.
    #[error("the method `{0}` has no price at this upstream: check its spelling, or add it to the upstream's `prices`")]
    UnknownMethod(String),
    /// No method at all.
    #[error("an empty list of methods allows none: name some, or leave `--methods` out")]
    NoMethod,
    /// It ends before it begins.
    #[error("the key would end before it begins: move `--expires` behind `--not-before`")]
    EndsBeforeItBegins,
    /// It is over already.
    #[error("`--expires` is in the past: name a later instant, or revoke the key")]
    EndedAlready,
    /// Idle at once.
    #[error("an idle time of zero ends the key at once: leave it out")]
    NoIdleTime,
    /// Observes no check.
    #[error("nothing is observed: name `network`, `hours` or `rate`")]
    ObservesNothing,
    /// Unprintable or overlong.
    #[error("a note is one line of at most 500 bytes")]
    Note,
}

impl TermsError {
    /// The field that it is about; nothing where several could mend it.
    pub const fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoLimit => return None,
            Self::NoAddress | Self::Address { .. } | Self::EveryAddress(_) => "allow",
            Self::CapAndNone(_) | Self::SameCounter(_) | Self::MoneyWithoutPrice => "caps",
            Self::NoConcurrency => "concurrency",
            Self::UnknownMethod(_) | Self::NoMethod => "methods",
            Self::EndsBeforeItBegins | Self::EndedAlready => "expires",
            Self::NoIdleTime => "idle",
            Self::ObservesNothing => "observe",
            Self::Note => "note",
        })
    }

    /// The word of the field that it is about, as it was written.
    pub fn word(&self) -> Option<String> {
        match self {
            Self::Address { text, .. } | Self::CapAndNone(text) | Self::SameCounter(text) | Self::UnknownMethod(text) => Some(text.clone()),
            Self::EveryAddress(block) => Some(block.to_string()),
            Self::NoLimit
            | Self::NoAddress
            | Self::NoConcurrency
            | Self::MoneyWithoutPrice
            | Self::NoMethod
            | Self::EndsBeforeItBegins
            | Self::EndedAlready
            | Self::NoIdleTime
            | Self::ObservesNothing
            | Self::Note => None,
        }
    }
}

const LONGEST_NOTE: usize = 500;

impl KeyTerms {
    /// Whether these terms can be a key's at an upstream with these prices, from now on.
    pub fn check(&self, prices: &PriceTable, now: Timestamp) -> Result<(), TermsError> {
        if !self.limits.bounds() && !self.limits.uncapped {
            return Err(TermsError::NoLimit);
        }
        self.limits.check()?;
        self.check_methods(prices)?;
        // under a plan by threads a task costs what was imputed to it: one price is enough for a cap to bound something
        let costs = |(method, price): (&str, Money)| price > Money::ZERO && self.methods.hold(method);
        if !self.limits.caps.is_empty() && !prices.iter().any(costs) {
            return Err(TermsError::MoneyWithoutPrice);
        }
        self.check_addresses()?;
        self.check_life(now)?;
        if self.observe.is_some_and(|observe| !(observe.network || observe.hours || observe.rate)) {
            return Err(TermsError::ObservesNothing);
        }
        check_note(&self.note)
    }

    fn check_addresses(&self) -> Result<(), TermsError> {
        let Allow::Only(blocks) = &self.allow else { return Ok(()) };
        match blocks.blocks().iter().find(|block| block.is_everything()) {
            Some(block) => Err(TermsError::EveryAddress(*block)),
            None if blocks.is_empty() => Err(TermsError::NoAddress),
            None => Ok(()),
        }
    }

    fn check_methods(&self, prices: &PriceTable) -> Result<(), TermsError> {
        let Methods::Only(methods) = &self.methods else { return Ok(()) };
        if methods.is_empty() {
            return Err(TermsError::NoMethod);
        }
        match methods.iter().find(|method| prices.worst_case(method).is_none()) {
            Some(method) => Err(TermsError::UnknownMethod(method.to_string())),
            None => Ok(()),
        }
    }

    fn check_life(&self, now: Timestamp) -> Result<(), TermsError> {
        if let (Some(first), Some(end)) = (self.not_before, self.expires)
            && end <= first
        {
            return Err(TermsError::EndsBeforeItBegins);
        }
        if self.expires.is_some_and(|end| end <= now) {
            return Err(TermsError::EndedAlready);
        }
        if self.idle_ms.is_some_and(|idle| idle <= 0) { Err(TermsError::NoIdleTime) } else { Ok(()) }
    }
}

impl TeamTerms {
    /// Whether these terms can be a team's.
    pub fn check(&self) -> Result<(), TermsError> {
        self.limits.check()?;
        check_note(&self.note)
    }
}

impl LimitTerms {
    fn check(&self) -> Result<(), TermsError> {
        if let (true, Some(cap)) = (self.uncapped, self.caps.first()) {
            return Err(TermsError::CapAndNone(cap.to_string()));
        }
        if self.concurrency == Some(0) {
            return Err(TermsError::NoConcurrency);
        }
        let mut counted = HashSet::new();
        let caps = self.caps.iter().map(super::Cap::kind);
        for kind in caps.chain(self.tasks.iter().map(super::TaskCap::kind)) {
            let LimitKind::Cap { amount, period, zone } = kind else { continue };
            if !counted.insert((amount.with_units(0), *period, zone.clone())) {
                return Err(TermsError::SameCounter(kind.to_string()));
            }
        }
        Ok(())
    }
}

pub(crate) fn check_note(note: &str) -> Result<(), TermsError> {
    if note.len() > LONGEST_NOTE || note.chars().any(char::is_control) { Err(TermsError::Note) } else { Ok(()) }
}
