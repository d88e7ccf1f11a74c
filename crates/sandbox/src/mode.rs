//! How is the sandbox to behave just now?

mod change;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use tollgate_model::Money;

pub(crate) use change::Change;

/// What the provider sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Money for each task.
    Task,
    /// A plan of threads: no money for a task, a bound on tasks in work.
    Threads,
}

/// Why a change of mode is refused.
#[derive(Debug, thiserror::Error)]
pub enum ModeError {
    /// Not JSON, a field that does not exist, or a value of the wrong kind.
    #[error("not a change of mode: {0}")]
    Form(#[from] serde_json::Error),
    /// A price or a cost below nothing.
    #[error("`{0}` is below zero")]
    Negative(&'static str),
    /// Not an address or a network.
    #[error("`{0}` in `allowed_ips` is neither an address nor a network such as `127.0.0.1/32`")]
    Network(String),
}

/// What every answer is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ok,
    /// Tasks uploaded or first read now have no answer.
    Unsolvable,
    /// Submissions only.
    NoSlot,
    /// Submissions only.
    ZeroBalance,
    WrongKey,
    IpNotAllowed,
    #[serde(rename = "http_500")]
    Http500,
    Garbage,
    ReflectKey,
    Redirect,
}

/// Whose v2 it speaks: the two differ in ids, statuses, cost and in where the key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Family {
    /// Ids are numbers, every answer is 200 and says what it cost.
    Anticaptcha,
    /// Ids are UUIDs, refusals are 400 and 401, images are answered at once, and no cost is told.
    Capsolver,
}

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DropPoint {
    None,
    /// Nothing is read, charged or recorded.
    BeforeRead,
    /// The work is done and charged, and nothing is answered.
    AfterRead,
    /// Half of the answer's bytes.
    MidAnswer,
}

/// How a reflected key is disguised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReflectAs {
    Raw,
    Upper,
    /// Every byte as `%xx`.
    Percent,
    /// Every byte as `\u00xx`.
    Json,
    Hex,
    Base64,
    /// Behind one and two other bytes: the other two alignments.
    #[serde(rename = "base64_1")]
    Base64After1,
    #[serde(rename = "base64_2")]
    Base64After2,
}

/// Where a reflected key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReflectIn {
    Body,
    Header,
    SetCookie,
    Location,
    Refresh,
    Link,
}

/// The mode in force.
#[derive(Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a test double, each set alone")]
pub(crate) struct Mode {
    pub(crate) latency_ms: u64,
    pub(crate) solve_ms: u64,
    pub(crate) outcome: Outcome,
    pub(crate) drop: DropPoint,
    pub(crate) price: Money,
    /// By method; the others cost `price`.
    pub(crate) prices: BTreeMap<String, Money>,
    /// What a task turns out to have cost when its answer is first read, if not its price.
    pub(crate) cost: Option<Money>,
    pub(crate) pricing: Pricing,
    pub(crate) threads: u32,
    #[serde(serialize_with = "networks")]
    pub(crate) allowed_ips: Vec<IpNet>,
    pub(crate) keys: Vec<String>,
    /// Whether five wrong keys within a minute ban their address.
    pub(crate) ban: bool,
    pub(crate) ban_ms: u64,
    /// Whether an unsolvable task is paid back (2Captcha does, Anti-Captcha does not).
    pub(crate) refund_unsolvable: bool,
    /// Whether a submission is charged though its answer is `http_500`, `garbage`, `reflect_key` or `redirect`.
    pub(crate) charge_failed: bool,
    pub(crate) reflect_as: ReflectAs,
    pub(crate) reflect_in: ReflectIn,
    /// What every task's answer is, if not the method's own.
    pub(crate) answer: Option<String>,
    pub(crate) record: bool,
    pub(crate) family: Family,
}

impl Mode {
    pub(crate) fn new(keys: Vec<String>, price: Money, prices: BTreeMap<String, Money>, pricing: Pricing) -> Self {
        Self {
            latency_ms: 0,
            solve_ms: 0,
            outcome: Outcome::Ok,
            drop: DropPoint::None,
            price,
            prices,
            cost: None,
            pricing,
            threads: pricing.threads(),
            allowed_ips: [IpAddr::from([0; 4]), IpAddr::from([0; 16])].into_iter().filter_map(|any| IpNet::new(any, 0).ok()).collect(),
            keys,
            ban: false,
            ban_ms: 600_000,
            refund_unsolvable: true,
            charge_failed: true,
            reflect_as: ReflectAs::Raw,
            reflect_in: ReflectIn::Body,
            answer: None,
            record: true,
            family: Family::Anticaptcha,
        }
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }

    pub(crate) fn solve_time(&self) -> Duration {
        Duration::from_millis(self.solve_ms)
    }

    /// What a task of that method costs at upload.
    pub(crate) fn price_of(&self, method: &str) -> Money {
        match self.pricing {
            Pricing::Task => self.prices.get(method).copied().unwrap_or(self.price),
            Pricing::Threads => Money::ZERO,
        }
    }

    /// What an answer costs when it is first read, if that differs from its price.
    pub(crate) fn final_cost(&self) -> Option<Money> {
        self.cost.filter(|_| self.pricing == Pricing::Task)
    }

    /// No listed network means that nobody is let in.
    pub(crate) fn allows(&self, peer: IpAddr) -> bool {
        self.allowed_ips.iter().any(|network| network.contains(&peer))
    }

    /// The page of `GET /_sandbox/mode`.
    pub(crate) fn to_json(&self, balance: Money) -> Value {
        let mut page = json!(self);
        if let Some(page) = page.as_object_mut() {
            page.insert("balance".into(), json!(balance));
        }
        page
    }
}

impl Pricing {
    /// CaptchaAI's smallest plan has five threads; who pays by the task is bound by money only.
    pub(crate) fn threads(self) -> u32 {
        match self {
            Self::Task => 1_000_000,
            Self::Threads => 5,
        }
    }
}

fn networks<S: Serializer>(networks: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(networks.iter().map(ToString::to_string))
}
