//! Which profiles are there, and what does a task cost under one?

use std::collections::BTreeMap;

use tollgate_dialect::Profile;
use tollgate_model::Money;
use tollgate_policy::{PriceError, PriceTable, Pricing};

use crate::nearest::nearest;
use crate::section::{At, Section, not_built};

/// Profiles of the contract that nothing speaks yet.
const LATER: [&str; 2] = ["capmonster", "http"];

/// Reads the name of a profile that is built in.
pub(crate) fn read(section: &Section<'_>) -> Option<Profile> {
    let At { value: name, at } = section.text("profile")?;
    let profile = Profile::builtin(name);
    if profile.is_none() && LATER.contains(&name) {
        not_built(section.page, &at, &format!("the profile `{name}`"));
    } else if profile.is_none() {
        let hint = match nearest(name, Profile::BUILTIN) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", Profile::BUILTIN.map(|name| format!("`{name}`")).join(", ")),
        };
        section.mistake("profile", format!("there is no profile `{name}`"), hint);
    }
    profile
}

/// The profile's prices, replaced and completed by the operator's.
pub(crate) fn price_table(profile: &Profile, own: &BTreeMap<String, Money>) -> Result<PriceTable, PriceError> {
    let pricing = match profile.pricing() {
        tollgate_dialect::Pricing::Task => Pricing::Task,
        tollgate_dialect::Pricing::Threads => Pricing::Threads,
    };
    PriceTable::new(pricing, profile.prices().chain(own.iter().map(|(method, price)| (method.as_str(), *price))))
}
