//! How does this provider differ from its family? Data, embedded and checked once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tollgate_model::Money;

use crate::operation::{Operation, Verb};
use crate::words::WordClass;

mod pace;

pub use pace::Pace;
use pace::Span;

/// A provider as data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    name: String,
    dialect: Dialect,
    origin: String,
    pricing: Pricing,
    keys: Keys,
    task_deadline: Span,
    priced_poll: bool,
    solve_now: bool,
    methods: BTreeSet<String>,
    prices: BTreeMap<String, Money>,
    refund: Refund,
    refusals: Refusals,
    pace: Pace,
    words: BTreeMap<String, WordClass>,
    v2: Option<V2>,
}

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `in.php` / `res.php`
    V1,
    /// JSON `createTask` / `getTaskResult`
    V2,
}

/// What only providers of dialect v2 differ in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct V2 {
    /// The calls by which it takes reports.
    pub(crate) reports: Vec<Verb>,
    /// How ids of tasks stand in its requests.
    pub(crate) task_ids: TaskIds,
    /// Whether the key goes into `Authorization` beside `clientKey`.
    pub(crate) bearer: bool,
}

/// How ids of tasks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskIds {
    /// Whole numbers.
    Number,
    /// Strings, as UUIDs are.
    Text,
}

/// How a provider sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Money for each task.
    Task,
    /// Threads by the month: a task costs nothing unless a price is imputed to it.
    Threads,
}

/// How many keys of one account are valid at a time: with one, a rotation is a held switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// One.
    One,
    /// Several.
    Many,
}

/// What a provider gives back by itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    unsolvable: bool,
}

/// The three words in which families differ (REFUSALS).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusals {
    /// `rate_limited`, `concurrency_limited`: wait.
    pub(crate) busy: String,
    /// `cap_reached`, `balance_floor`: stop.
    pub(crate) spent: String,
    /// Nothing was sent, trouble of ours: wait.
    pub(crate) trouble: String,
}

/// Why a text is not a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It does not read.
    #[error("not a profile: {0}")]
    Form(String),
    /// A table of another dialect, or none where one belongs.
    #[error("a table `[v2]` belongs to a profile of dialect v2, and to no other")]
    Dialect,
    /// A price for a method that the profile does not name.
    #[error("a price for `{0}`, which is not among the methods")]
    Method(String),
    /// A free task where tasks are sold.
    #[error("a price of zero for `{0}`")]
    Free(String),
}

impl Profile {
    /// The names of the embedded profiles.
    pub const BUILTIN: [&'static str; 5] = ["anticaptcha", "capsolver", "captchaai", "rucaptcha", "twocaptcha"];

    /// The embedded profile of that name.
    pub fn builtin(name: &str) -> Option<Self> {
        let text = match name {
            "anticaptcha" => include_str!("profiles/anticaptcha.toml"),
            "capsolver" => include_str!("profiles/capsolver.toml"),
            "captchaai" => include_str!("profiles/captchaai.toml"),
            "rucaptcha" => include_str!("profiles/rucaptcha.toml"),
            "twocaptcha" => include_str!("profiles/twocaptcha.toml"),
            _ => return None,
        };
        Self::parse(text).ok()
    }

    /// Reads a profile; unknown fields are refused.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|error| ProfileError::Form(error.message().to_owned()))?;
        if profile.v2.is_some() != (profile.dialect == Dialect::V2) {
            return Err(ProfileError::Dialect);
        }
        for (method, price) in &profile.prices {
            if !profile.methods.contains(method) {
                return Err(ProfileError::Method(method.clone()));
            }
            if *price <= Money::ZERO && profile.pricing == Pricing::Task {
                return Err(ProfileError::Free(method.clone()));
            }
        }
        Ok(profile)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its language.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where it is, unless the configuration says otherwise: scheme and host.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How it sells.
    pub const fn pricing(&self) -> Pricing {
        self.pricing
    }

    /// How many keys of an account are valid at a time.
    pub const fn keys(&self) -> Keys {
        self.keys
    }

    /// Milliseconds after which a task that nobody polls is polled once and closed.
    pub const fn task_deadline_ms(&self) -> u64 {
        self.task_deadline.millis()
    }

    /// Whether it tells a task's price with its answer (`get2`, `cost`).
    pub const fn priced_poll(&self) -> bool {
        self.priced_poll
    }

    /// Whether it has the operation at all; a submission's method is judged by its price, which the operator may add.
    pub const fn offers(&self, operation: &Operation<'_>) -> bool {
        match operation {
            Operation::SolveNow(_) => self.solve_now,
            Operation::Submit(_)
            | Operation::Poll { .. }
            | Operation::PollMany { .. }
            | Operation::Balance
            | Operation::Threads
            | Operation::Report { .. } => true,
        }
    }

    /// Whether it is known to have this method; one without a price is denied until the operator names one.
    pub fn knows(&self, method: &str) -> bool {
        self.methods.contains(method)
    }

    /// The methods it is known to have.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(String::as_str)
    }

    /// The most that a task of this method costs, with all its variants; nothing if no price is shipped.
    pub fn price(&self, method: &str) -> Option<Money> {
        self.prices.get(method).copied()
    }

    /// All prices, by method.
    pub fn prices(&self) -> impl Iterator<Item = (&str, Money)> {
        self.prices.iter().map(|(method, price)| (method.as_str(), *price))
    }

    /// Whether an unsolvable task is given back.
    pub const fn refunds_unsolvable(&self) -> bool {
        self.refund.unsolvable
    }

    pub(crate) const fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    pub(crate) const fn v2(&self) -> Option<&V2> {
        self.v2.as_ref()
    }

    /// What it bans an account or its address for.
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What a word means at this provider, where it differs from the family.
    pub(crate) fn class_of(&self, word: &str) -> Option<WordClass> {
        self.words.get(word).copied()
    }
}
