//! Which account at which provider, and what may all keys together do with it?

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use tollgate_dialect::Profile;
use tollgate_model::{Amount, LimitKind, Money, Name, Rate};
use tollgate_policy::{CallbackHost, PriceTable, Pricing};

use crate::field::PLAN;
use crate::nearest::nearest;
use crate::origin::Origin;
use crate::profile;
use crate::section::Section;
use crate::source::SecretSource;

/// One provider account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: Name,
    /// The name of its profile, one that is built in.
    pub profile: String,
    /// Where it is.
    pub origin: Origin,
    /// Host names under which it stands at a listener's root; lower case.
    pub hosts: Vec<String>,
    /// Where the real key is.
    pub secret: SecretSource,
    /// Whether answers are searched for the real key.
    pub tripwire: bool,
    /// Whether the provider's own ban rules are kept.
    pub governor: bool,
    /// How often the balance is asked for and held against the books; none: never.
    pub balance_every: Option<Duration>,
    /// How long the same submission of a key is answered as the first was; none: each is bought.
    pub collapse: Option<Duration>,
    /// Dollars a task by method: the profile's, replaced and completed by the operator's.
    pub prices: PriceTable,
    /// Limits of the whole account.
    pub limits: Vec<LimitKind>,
    /// The plan, where the provider sells threads.
    pub plan: Option<Plan>,
    /// The CA that its certificate must be of, in PEM.
    pub ca: Option<PathBuf>,
    /// Whether plain http beyond loopback was allowed aloud.
    pub insecure: bool,
}

/// A plan by threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Dollars a month.
    pub monthly: Money,
    /// Tasks worked on at once.
    pub threads: u32,
}

const MOST_OPEN: u64 = 1_000_000;
/// Often enough to see a leak within minutes, and seldom enough for every provider.
const BALANCE_EVERY: Duration = Duration::from_mins(1);
/// A second to a day: what is meant twice is named by its caller.
const COLLAPSE_MS: RangeInclusive<u64> = 1_000..=86_400_000;

impl Upstream {
    /// Reads one `[[upstream]]`; nothing if what it is made of is absent or wrong.
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        section.require(["name", "profile", "origin", "secret"]);
        // everything is read before anything is given up, so that every mistake is found
        let name = section.parsed("name", Name::parse);
        let profile = profile::read(section);
        let insecure = section.flag("insecure").unwrap_or(false);
        let origin = read_origin(section, insecure);
        let secret = SecretSource::read(section, "secret");
        let plan = section.section("plan", &PLAN).and_then(|plan| Plan::read(&plan));
        let own_prices = read_prices(section);
        let prices = profile.as_ref().and_then(|profile| {
            let table = profile::price_table(profile, &own_prices);
            table.map_err(|error| section.mistake("prices", error.to_string(), None)).ok()
        });
        let limits = read_limits(section, plan);
        if let Some(prices) = &prices {
            check_caps(section, prices, &limits);
        }
        let hosts = section.list("hosts", CallbackHost::parse).into_iter().map(|host| host.value.to_string()).collect();
        let tripwire = section.flag("tripwire").unwrap_or(true);
        let ca = section.file("ca");
        let governor = section.flag("governor");
        let balance_every = section.parsed("balance_every", read_every);
        let collapse = section.duration("collapse", COLLAPSE_MS);
        let origin = origin?;
        let is_loopback = origin.is_loopback();
        let sells_tasks = prices.as_ref().is_some_and(|prices| prices.pricing() == Pricing::Task);
        Some(Self {
            name: name?,
            profile: profile?.name().to_owned(),
            // a provider on this machine is a stand-in, and bans nobody
            governor: governor.unwrap_or_else(|| !origin.is_loopback()),
            origin,
            hosts,
            secret: secret?,
            tripwire,
            collapse,
            // of a plan by threads the balance tells nothing, and a stand-in is not robbed
            balance_every: balance_every.unwrap_or_else(|| (sells_tasks && !is_loopback).then_some(BALANCE_EVERY)),
            prices: prices?,
            limits,
            plan,
            ca,
            insecure,
        })
    }

    /// Methods that have a price and are not among the profile's, each with the one that may have been meant.
    pub(crate) fn unlisted_prices(&self) -> Vec<(&str, Option<String>)> {
        let Some(profile) = Profile::builtin(&self.profile) else { return Vec::new() };
        let unlisted = self.prices.iter().filter(|(method, _)| !profile.knows(method));
        unlisted.map(|(method, _)| (method, nearest(method, profile.methods()).map(str::to_owned))).collect()
    }

    /// Whether it is capped in dollars and has tasks that cost none.
    pub fn has_unpriced_cap(&self) -> bool {
        has_money_cap(&self.limits) && !self.prices.is_all_priced()
    }

    /// Whether the real key goes out unencrypted, beyond loopback.
    pub fn is_exposed(&self) -> bool {
        !self.origin.tls && !self.origin.is_loopback()
    }
}

impl Plan {
    fn read(section: &Section<'_>) -> Option<Self> {
        section.require(["monthly", "threads"]);
        let monthly = section.parsed("monthly", Money::parse);
        let threads = section.count("threads", 1..=MOST_OPEN).and_then(|threads| u32::try_from(threads).ok());
        Some(Self { monthly: monthly?, threads: threads? })
    }
}

fn read_every(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    let every = tollgate_policy::duration::parse(text).map_err(|error| error.to_string())?;
    let day = Duration::from_hours(24);
    if (Duration::from_secs(1)..=day).contains(&every) { Ok(Some(every)) } else { Err("expected `1s` to `1d`, or `off`".to_owned()) }
}

fn read_origin(section: &Section<'_>, insecure: bool) -> Option<Origin> {
    // the text is not repeated: an origin with a password in it must not reach a terminal's history
    let origin = section.parsed("origin", Origin::parse)?;
    if !origin.tls && !origin.is_loopback() && !insecure {
        let hint = "write `https://`, a literal loopback address, or `insecure = true`: whoever is on the way can then read the real key"
            .to_owned();
        section.mistake("origin", format!("`{origin}` is plain http beyond loopback"), hint);
    }
    Some(origin)
}

fn read_prices(section: &Section<'_>) -> BTreeMap<String, Money> {
    let prices = section.entries("prices", |method, value| {
        let plain = method.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || method.value.is_empty() || method.value.len() > 64 {
            section.page.mistake(&method.at, format!("`{}` is not a method", method.value), "1 to 64 letters, digits and `_`".to_owned());
            return None;
        }
        section.entry_text("prices", value, Money::parse).map(|price| (method.value.to_owned(), price))
    });
    prices.into_iter().collect()
}

fn read_limits(section: &Section<'_>, plan: Option<Plan>) -> Vec<LimitKind> {
    let caps = section.list("cap", LimitKind::parse_cap);
    let tasks = section.list("tasks", LimitKind::parse_tasks);
    let rate = section.parsed("rate", Rate::parse).map(LimitKind::Rate);
    let concurrency = section.count("concurrency", 1..=MOST_OPEN).and_then(|open| u32::try_from(open).ok());
    // a plan's threads are the account's concurrency, unless less was said
    let open = match (concurrency, plan.map(|plan| plan.threads)) {
        (Some(open), Some(threads)) => Some(open.min(threads)),
        (open, threads) => open.or(threads),
    };
    let listed = caps.into_iter().chain(tasks).map(|limit| limit.value);
    listed.chain(rate).chain(open.map(LimitKind::Concurrency)).collect()
}

/// A cap in money bounds nothing where no task costs anything.
fn check_caps(section: &Section<'_>, prices: &PriceTable, limits: &[LimitKind]) {
    if has_money_cap(limits) && prices.pricing() == Pricing::Threads && prices.iter().all(|(_, price)| price == Money::ZERO) {
        let hint = "impute prices (`prices = { … }`), or limit `tasks` and `concurrency` instead".to_owned();
        section.mistake("cap", "a cap in dollars bounds nothing at a provider that sells threads: a task costs nothing there", hint);
    }
}

fn has_money_cap(limits: &[LimitKind]) -> bool {
    limits.iter().any(|limit| matches!(limit, LimitKind::Cap { amount: Amount::Money(_), .. }))
}
