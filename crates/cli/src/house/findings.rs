//! What is wrong with one account? Its key, its breaker, its balance, its prices.

use tollgate_gateway::{Drift, Upstream};
use tollgate_model::Money;

/// What is wrong with one account.
pub(super) fn findings_of(upstream: &Upstream, say: &mut dyn FnMut(&'static str, String, &str)) {
    let name = &upstream.name;
    if let Some(entry) = upstream.keyring.current() {
        if !entry.has_tripwire() {
            say(
                "warning",
                format!("nobody looks for the real key of `{name}` in answers"),
                "remove `tripwire = false`, once the key has 16 characters",
            );
        }
        if !entry.is_locked() {
            say(
                "warning",
                format!("the real key of `{name}` may be written to swap"),
                "raise RLIMIT_MEMLOCK (`LimitMEMLOCK=` in the unit)",
            );
        }
    }
    if upstream.breaker.is_open() {
        say(
            "error",
            format!("the provider refuses the real key of `{name}`"),
            &format!(
                "give a valid key to its source: it is taken up within a second; the old one is tried again every {} s",
                upstream.breaker.rest_ms() / 1_000
            ),
        );
    }
    let outside = upstream.drift.as_ref().map_or(Money::ZERO, Drift::outside);
    if outside > Money::ZERO {
        say(
            "error",
            format!("{outside} dollars of `{name}` were spent around the gate since it was started"),
            "find who else has the real key, or give the account another one; `tollgate books adjust` says whose it was",
        );
    }
    for method in upstream.stopped.load().iter() {
        say(
            "warning",
            format!("`{method}` of `{name}` is stopped: it cost more than its price says"),
            "raise its price in `prices` and start the gate anew",
        );
    }
}
