//! Are the terms that the desk reads kept as they were read, and is what it does not take told in words?
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{from_slice, to_vec};
use tollgate_admin::{Problem, key_terms, team_terms};
use tollgate_model::{Money, Timestamp};
use tollgate_policy::{Policy, PriceTable, Pricing};
use tollgate_registry::{KeyTerms, TeamTerms};

const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

// the first byte chooses between a key's terms and a team's
fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    if choice & 1 == 0 { key(body) } else { team(body) }
});

fn key(body: &[u8]) {
    let terms = match key_terms(body, NOW) {
        Ok(terms) => terms,
        Err(problem) => return told(&problem),
    };
    // as the store keeps it
    let kept = to_vec(&terms).expect("terms are JSON");
    let again: KeyTerms = from_slice(&kept).unwrap_or_else(|error| panic!("{error}: {}", kept.escape_ascii()));
    assert_eq!(again, terms, "{}", kept.escape_ascii());
    let policy = terms.policy();
    let kept = to_vec(&policy).expect("a policy is JSON");
    let again: Policy = from_slice(&kept).unwrap_or_else(|error| panic!("{error}: {}", kept.escape_ascii()));
    assert_eq!(again, policy);
    let price = Money::parse("0.001").expect("an amount");
    let prices = PriceTable::new(Pricing::Task, [("userrecaptcha", price)]).expect("prices");
    if terms.check(&prices, NOW).is_ok() {
        assert!(!policy.allow.is_empty() && (terms.limits.bounds() || terms.limits.uncapped), "absence denies");
        assert!(terms.expires.is_none_or(|end| end > NOW));
    }
}

fn team(body: &[u8]) {
    let terms = match team_terms(body) {
        Ok(terms) => terms,
        Err(problem) => return told(&problem),
    };
    let kept = to_vec(&terms).expect("terms are JSON");
    let again: TeamTerms = from_slice(&kept).unwrap_or_else(|error| panic!("{error}: {}", kept.escape_ascii()));
    assert_eq!(again, terms);
    let _ = terms.check();
}

fn told(problem: &Problem) {
    assert!(!problem.detail().is_empty(), "{problem:?}");
}
