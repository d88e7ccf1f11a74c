//! Which changes of mode can be asked for, and which are refused?

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tollgate_model::Money;

use super::{DropPoint, Family, Mode, ModeError, Outcome, Pricing, ReflectAs, ReflectIn};

/// The body of `PUT /_sandbox/mode`: any of the fields, and no other.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::option_option, reason = "absent leaves, null unsets: JSON's own distinction")]
pub(crate) struct Change {
    latency_ms: Option<u64>,
    solve_ms: Option<u64>,
    outcome: Option<Outcome>,
    drop: Option<DropPoint>,
    price: Option<Money>,
    prices: Option<BTreeMap<String, Money>>,
    #[serde(deserialize_with = "present")]
    cost: Option<Option<Money>>,
    pricing: Option<Pricing>,
    threads: Option<u32>,
    allowed_ips: Option<Vec<String>>,
    keys: Option<Vec<String>>,
    balance: Option<Money>,
    ban: Option<bool>,
    ban_ms: Option<u64>,
    refund_unsolvable: Option<bool>,
    charge_failed: Option<bool>,
    reflect_as: Option<ReflectAs>,
    reflect_in: Option<ReflectIn>,
    #[serde(deserialize_with = "present")]
    answer: Option<Option<String>>,
    record: Option<bool>,
    family: Option<Family>,
}

impl Change {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ModeError> {
        // a derived reader would take a list for a struct
        let members: Map<String, Value> = serde_json::from_slice(body)?;
        Ok(serde_json::from_value(Value::Object(members))?)
    }

    /// Applies all of it or nothing; gives the new balance, which belongs to the books.
    pub(crate) fn apply(self, mode: &mut Mode) -> Result<Option<Money>, ModeError> {
        let networks = self.allowed_ips.as_deref().map(parse_networks).transpose()?;
        self.check_amounts()?;
        self.apply_prices(mode);
        set(&mut mode.latency_ms, self.latency_ms);
        set(&mut mode.solve_ms, self.solve_ms);
        set(&mut mode.outcome, self.outcome);
        set(&mut mode.drop, self.drop);
        set(&mut mode.cost, self.cost);
        set(&mut mode.pricing, self.pricing);
        set(&mut mode.threads, self.threads.or(self.pricing.map(Pricing::threads)));
        set(&mut mode.allowed_ips, networks);
        set(&mut mode.keys, self.keys);
        set(&mut mode.ban, self.ban);
        set(&mut mode.ban_ms, self.ban_ms);
        set(&mut mode.refund_unsolvable, self.refund_unsolvable);
        set(&mut mode.charge_failed, self.charge_failed);
        set(&mut mode.reflect_as, self.reflect_as);
        set(&mut mode.reflect_in, self.reflect_in);
        set(&mut mode.answer, self.answer);
        set(&mut mode.record, self.record);
        set(&mut mode.family, self.family);
        Ok(self.balance)
    }

    /// A `price` alone is the price of everything.
    fn apply_prices(&self, mode: &mut Mode) {
        match (self.price, &self.prices) {
            (_, Some(prices)) => mode.prices.clone_from(prices),
            (Some(_), None) => mode.prices.clear(),
            (None, None) => {}
        }
        set(&mut mode.price, self.price);
    }

    fn check_amounts(&self) -> Result<(), ModeError> {
        let below = |amount: &Money| *amount < Money::ZERO;
        if self.price.as_ref().is_some_and(below) {
            return Err(ModeError::Negative("price"));
        }
        if self.prices.iter().flat_map(BTreeMap::values).any(below) {
            return Err(ModeError::Negative("prices"));
        }
        if self.cost.iter().flatten().any(below) {
            return Err(ModeError::Negative("cost"));
        }
        Ok(())
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn parse_networks(texts: &[String]) -> Result<Vec<IpNet>, ModeError> {
    let parse = |text: &String| {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network.ok_or_else(|| ModeError::Network(text.clone()))
    };
    texts.iter().map(parse).collect()
}

/// Tells `null`, which unsets, from a field that is absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
