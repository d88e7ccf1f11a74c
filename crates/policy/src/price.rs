//! What does a task cost at most? The table that a hold is taken from; what is not in it is denied.

use std::collections::BTreeMap;

use tollgate_model::{Fingerprint, Money, Pepper};

/// How a provider sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// Money for each task.
    Task,
    /// Threads by the month: a task costs nothing unless a price is imputed to it.
    Threads,
}

/// Dollars a task by method; every price is the worst case of its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable {
    pricing: Pricing,
    by_method: BTreeMap<Box<str>, Money>,
}

/// Digits of a version.
const VERSION: usize = 12;

/// Why a price cannot stand in a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A task for nothing where tasks are sold: no cap would ever hold it.
    #[error("a price of zero for `{method}` would pass every cap: name what a task costs at most")]
    Zero {
        /// Whose price.
        method: String,
    },
    /// Below zero.
    #[error("a price below zero for `{method}`")]
    Negative {
        /// Whose price.
        method: String,
    },
}

impl PriceTable {
    /// The table of these prices; a later price of the same method replaces an earlier one, so a profile's table can be
    /// chained with the configuration's.
    pub fn new<M: Into<Box<str>>>(pricing: Pricing, prices: impl IntoIterator<Item = (M, Money)>) -> Result<Self, PriceError> {
        let mut by_method = BTreeMap::new();
        for (method, price) in prices {
            let method: Box<str> = method.into();
            if price < Money::ZERO {
                return Err(PriceError::Negative { method: method.into() });
            }
            if price == Money::ZERO && pricing == Pricing::Task {
                return Err(PriceError::Zero { method: method.into() });
            }
            by_method.insert(method, price);
        }
        Ok(Self { pricing, by_method })
    }

    /// The most that a task of this method can cost; nothing if the method has no price, and then it is denied.
    pub fn worst_case(&self, method: &str) -> Option<Money> {
        self.by_method.get(method).copied()
    }

    /// Twelve digits that name this table: another price, method or way of selling is another version.
    pub fn version(&self) -> String {
        let pricing = match self.pricing {
            Pricing::Task => "task",
            Pricing::Threads => "threads",
        };
        let rows: Vec<String> = self.iter().flat_map(|(method, price)| [method.to_owned(), price.to_string()]).collect();
        let parts: Vec<&[u8]> = [pricing].into_iter().chain(rows.iter().map(String::as_str)).map(str::as_bytes).collect();
        // nothing here is secret: the key is none
        let digits = Fingerprint::of(&Pepper::new([0; 32]), &parts).text();
        String::from_utf8_lossy(digits.get(..VERSION).unwrap_or_default()).into_owned()
    }

    /// How the provider sells.
    pub const fn pricing(&self) -> Pricing {
        self.pricing
    }

    /// Every method with its price, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Money)> {
        self.by_method.iter().map(|(method, price)| (&**method, *price))
    }

    /// Whether every method has a price above zero: without it a cap in money bounds nothing.
    pub fn is_all_priced(&self) -> bool {
        self.by_method.values().all(|price| *price > Money::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_without_a_price_has_no_worst_case() {
        let table = PriceTable::new(Pricing::Task, [("userrecaptcha", Money::from_nanos(2_900_000))]).unwrap();
        assert_eq!(table.worst_case("userrecaptcha"), Some(Money::from_nanos(2_900_000)));
        for unknown in ["", "userrecaptch", "USERRECAPTCHA", "userrecaptcha "] {
            assert_eq!(table.worst_case(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn only_threads_make_a_task_free() {
        let free = [("post", Money::ZERO)];
        assert_eq!(PriceTable::new(Pricing::Task, free), Err(PriceError::Zero { method: "post".into() }));
        let table = PriceTable::new(Pricing::Threads, free).unwrap();
        assert_eq!((table.worst_case("post"), table.is_all_priced()), (Some(Money::ZERO), false));
        let negative = [("post", Money::from_nanos(-1))];
        assert_eq!(PriceTable::new(Pricing::Threads, negative), Err(PriceError::Negative { method: "post".into() }));
    }

    #[test]
    fn a_table_has_a_version_that_every_change_of_a_price_changes() {
        let of = |pricing, prices: &[(&str, i64)]| {
            PriceTable::new(pricing, prices.iter().map(|(method, nanos)| (*method, Money::from_nanos(*nanos)))).unwrap().version()
        };
        let one = of(Pricing::Task, &[("base64", 1), ("post", 2)]);
        assert_eq!((one.len(), &one), (12, &of(Pricing::Task, &[("post", 2), ("base64", 1)])));
        let others = [
            of(Pricing::Task, &[("base64", 1), ("post", 3)]),
            of(Pricing::Task, &[("base64", 1)]),
            of(Pricing::Threads, &[("base64", 1), ("post", 2)]),
        ];
        assert!(!others.contains(&one), "{others:?}");
    }

    #[test]
    fn the_configurations_price_replaces_the_profiles() {
        let profile = [("post", Money::from_nanos(1)), ("base64", Money::from_nanos(2))];
        let table = PriceTable::new(Pricing::Task, profile.into_iter().chain([("post", Money::from_nanos(9))])).unwrap();
        assert_eq!(table.iter().collect::<Vec<_>>(), [("base64", Money::from_nanos(2)), ("post", Money::from_nanos(9))]);
    }
}
