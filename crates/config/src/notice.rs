//! What is allowed, and should be known all the same?

use crate::config::Config;
use crate::environment::Environment;
use crate::source::SecretSource;
use crate::store::Store;

impl Config {
    /// What `check` says beside what is in force, a sentence each: weakenings that were asked for, and secrets that are not
    /// there yet.
    pub fn notices(&self, environment: &dyn Environment) -> Vec<String> {
        let mut notices = Vec::new();
        if let Store::Postgres(store) = &self.store {
            if store.url.has_password() {
                notices.push("the password of the store's user stands in `store`: `store_password` takes it from a source".to_owned());
            }
            if store.url.expose().contains("sslmode=disable") {
                notices.push("the store is spoken to without TLS: whoever is on the way can read and change what is kept".to_owned());
            }
        }
        for listener in self.listeners.iter().filter(|listener| listener.is_exposed()) {
            notices.push(format!(
                "listener `{}` speaks plain http to other machines: whoever is on the way can read and use the virtual keys",
                listener.address
            ));
        }
        for upstream in &self.upstreams {
            if upstream.is_exposed() {
                notices.push(format!("upstream `{}` is reached by plain http: whoever is on the way can read the real key", upstream.name));
            }
            if !upstream.tripwire {
                notices.push(format!("upstream `{}` has no tripwire: an answer that holds the real key is passed on", upstream.name));
            }
            if let SecretSource::Env { name } = &upstream.secret
                && environment.look_up(name).is_none()
            {
                notices.push(format!("upstream `{}` takes its key from `{name}`, which is not set here", upstream.name));
            }
            if upstream.has_unpriced_cap() {
                notices.push(format!(
                    "upstream `{}` has caps in dollars, and methods without a price pass them: name their prices too",
                    upstream.name
                ));
            }
            if upstream.plan.is_some() {
                let name = &upstream.name;
                notices.push(format!("upstream `{name}` has a plan: its threads bind, and its price a month is not shared out by use yet"));
            }
            if upstream.prices.iter().next().is_none() {
                notices.push(format!("upstream `{}` has no prices: every submission is denied until `prices` names some", upstream.name));
            }
            for (method, meant) in upstream.unlisted_prices() {
                let hint = meant.map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"));
                notices.push(format!("upstream `{}` has a price for `{method}`, which its profile does not list{hint}", upstream.name));
            }
            if upstream.limits.is_empty() {
                notices.push(format!("upstream `{}` has no limit of its own: only those of its keys and teams hold", upstream.name));
            }
        }
        for listener in self.listeners.iter().filter(|listener| listener.upstream.is_none()) {
            if self.upstreams.iter().all(|upstream| upstream.hosts.is_empty()) {
                notices.push(format!("listener `{}` has no upstream at its root: it answers under `/u/<name>/` alone", listener.address));
            }
        }
        notices
    }
}
