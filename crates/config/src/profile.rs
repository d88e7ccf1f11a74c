//! Which profiles are there, and which of them sell threads?

use tollgate_policy::Pricing;

const BUILT: [(&str, Pricing); 6] = [
    ("captchaai", Pricing::Threads),
    ("twocaptcha", Pricing::Task),
    ("rucaptcha", Pricing::Task),
    ("anticaptcha", Pricing::Task),
    ("capmonster", Pricing::Task),
    ("capsolver", Pricing::Task),
];
const LATER: [&str; 1] = ["http"];

/// What is known under a profile's name.
pub(crate) enum Profile {
    /// One that is built in, and how its provider sells.
    Built(Pricing),
    /// One of the contract that nothing speaks yet.
    Later,
    /// None.
    Unknown,
}

/// Looks a profile up.
pub(crate) fn named(name: &str) -> Profile {
    match BUILT.iter().find(|(known, _)| *known == name) {
        Some((_, pricing)) => Profile::Built(*pricing),
        None if LATER.contains(&name) => Profile::Later,
        None => Profile::Unknown,
    }
}

/// The names of the profiles that are built in.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUILT.iter().map(|(name, _)| *name)
}
