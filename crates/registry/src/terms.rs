//! What does a person say about a key or a team? The words of the command line and the admin API, parsed.

mod cap;
mod check;

use serde::{Deserialize, Serialize};
use tollgate_model::{Cidr, CidrSet, Limit, LimitKind, Name, Raise, Rate, Scope, Timestamp};
use tollgate_policy::{Brake, CallbackHost, Hours, Methods, Observe, Policy};

pub use cap::{Cap, TaskCap};
pub use check::TermsError;
pub(crate) use check::check_note;

/// Everything about a key that can be set; the default says nothing, and is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTerms {
    /// The team whose limits it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// The environment it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Name>,
    /// Addresses it may be used from.
    #[serde(default)]
    pub allow: Allow,
    /// Its own limits.
    #[serde(default)]
    pub limits: LimitTerms,
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
    #[serde(default = "any_method")]
    pub methods: Methods,
    /// Hosts that it may name as a callback.
    #[serde(default)]
    pub callbacks: Vec<CallbackHost>,
    /// Checks that are recorded and let pass for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observe: Option<Observe>,
    /// When it is paused for running away.
    #[serde(default, skip_serializing_if = "Brake::is_usual")]
    pub brake: Brake,
    /// A note for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Everything about a team that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamTerms {
    /// Limits that its keys share.
    #[serde(default)]
    pub limits: LimitTerms,
    /// A note for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Limits of a key or a team, in the words of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitTerms {
    /// Caps in dollars: `25/day`, `400/month Europe/Berlin`.
    #[serde(default)]
    pub caps: Vec<Cap>,
    /// Caps in tasks: `5000/day`.
    #[serde(default)]
    pub tasks: Vec<TaskCap>,
    /// Requests a minute: `60/min burst 6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Open tasks at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// More of a cap for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raises: Vec<RaiseTerms>,
    /// That there is no cap in money, said aloud: `--cap none`.
    #[serde(default)]
    pub uncapped: bool,
}

/// More of a cap for a while: the cap of the same period and zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseTerms {
    /// How much.
    pub to: RaisedTo,
    /// From then on the cap itself is in force again.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// The amount of a raise, with its cap's period and zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaisedTo {
    /// Dollars: `50/day`.
    Cap(Cap),
    /// Tasks: `9000/day`.
    Tasks(TaskCap),
}

/// Addresses that a key may be used from; serialized as `"any"` or as a list of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Every address, said aloud.
    Any,
    /// These blocks; empty is none.
    Only(CidrSet),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenAllow {
    Word(String),
    Blocks(Vec<String>),
}

const fn any_method() -> Methods {
    Methods::Any
}

impl KeyTerms {
    /// The policy that the rooms judge by.
    pub fn policy(&self) -> Policy {
        Policy {
            allow: match &self.allow {
                Allow::Any => CidrSet::everything(),
                Allow::Only(blocks) => blocks.clone(),
            },
            hours: self.hours.clone(),
            not_before: self.not_before,
            expires: self.expires,
            idle_ms: self.idle_ms,
            methods: self.methods.clone(),
            callbacks: self.callbacks.clone(),
            observe: self.observe,
        }
    }
}

impl Default for KeyTerms {
    fn default() -> Self {
        Self {
            team: None,
            env: None,
            allow: Allow::default(),
            limits: LimitTerms::default(),
            hours: None,
            not_before: None,
            expires: None,
            idle_ms: None,
            methods: Methods::Any,
            callbacks: Vec::new(),
            observe: None,
            brake: Brake::default(),
            note: String::new(),
        }
    }
}

impl RaisedTo {
    fn kind(&self) -> &LimitKind {
        match self {
            Self::Cap(cap) => cap.kind(),
            Self::Tasks(tasks) => tasks.kind(),
        }
    }

    /// Whether it is an amount of the same counter.
    fn is_of(&self, other: &LimitKind) -> bool {
        match (self.kind(), other) {
            (LimitKind::Cap { amount, period, zone }, LimitKind::Cap { amount: one, period: over, zone: at }) => {
                std::mem::discriminant(amount) == std::mem::discriminant(one) && period == over && zone == at
            }
            _ => false,
        }
    }
}

impl LimitTerms {
    /// Each of them as a limit of this owner.
    pub fn of(&self, scope: &Scope) -> Vec<Limit> {
        let caps = self.caps.iter().map(|cap| cap.kind().clone());
        let tasks = self.tasks.iter().map(|cap| cap.kind().clone());
        let rate = self.rate.map(LimitKind::Rate);
        let concurrency = self.concurrency.map(LimitKind::Concurrency);
        let limit = |kind: LimitKind| Limit { raise: self.raise_of(&kind), ..Limit::new(scope.clone(), kind) };
        caps.chain(tasks).chain(rate).chain(concurrency).map(limit).collect()
    }

    /// The last raise of a cap; whether it is over is the books' to know.
    fn raise_of(&self, kind: &LimitKind) -> Option<Raise> {
        let raise = self.raises.iter().rev().find(|raise| raise.to.is_of(kind))?;
        match raise.to.kind() {
            LimitKind::Cap { amount, .. } => Some(Raise { amount: *amount, until: raise.until }),
            LimitKind::Rate(_) | LimitKind::Concurrency(_) => None,
        }
    }

    /// Raises a cap that is there, instead of any raise of it before; says whether there is one that is lower. Raises that are
    /// over are forgotten.
    pub fn raise(&mut self, raise: RaiseTerms, now: Timestamp) -> bool {
        let caps = self.caps.iter().map(Cap::kind).chain(self.tasks.iter().map(TaskCap::kind));
        let is_lower = caps.filter(|kind| raise.to.is_of(kind)).any(|kind| match (kind, raise.to.kind()) {
            (LimitKind::Cap { amount, .. }, LimitKind::Cap { amount: raised, .. }) => amount.units() < raised.units(),
            _ => false,
        });
        if is_lower {
            self.raises.retain(|before| now < before.until && !before.to.is_of(raise.to.kind()));
            self.raises.push(raise);
        }
        is_lower
    }

    /// Ends the raise of a cap; says whether there was one.
    pub fn lower(&mut self, to: &RaisedTo) -> bool {
        let before = self.raises.len();
        self.raises.retain(|raise| !raise.to.is_of(to.kind()));
        self.raises.len() < before
    }

    /// Whether one of them bounds what is spent; a rate alone does not.
    pub const fn bounds(&self) -> bool {
        !self.caps.is_empty() || !self.tasks.is_empty() || self.concurrency.is_some()
    }
}

impl Allow {
    /// Parses what `--allow` was given: the word `any` alone, or blocks.
    pub fn parse<T: AsRef<str>>(words: &[T]) -> Result<Self, TermsError> {
        if let [word] = words
            && word.as_ref() == "any"
        {
            return Ok(Self::Any);
        }
        let block = |word: &T| {
            let text = word.as_ref();
            Cidr::parse(text).map_err(|reason| TermsError::Address { text: text.to_owned(), reason })
        };
        words.iter().map(block).collect::<Result<_, _>>().map(|blocks| Self::Only(CidrSet::new(blocks)))
    }
}

impl Default for Allow {
    fn default() -> Self {
        Self::Only(CidrSet::default())
    }
}

impl Serialize for Allow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Only(blocks) => blocks.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Allow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = match WrittenAllow::deserialize(deserializer)? {
            WrittenAllow::Word(word) => vec![word],
            WrittenAllow::Blocks(blocks) => blocks,
        };
        Self::parse(&words).map_err(serde::de::Error::custom)
    }
}
