//! Which accounts are there, and what does a key of theirs carry? The configuration's upstreams as the gate's.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value, json};
use tollgate_books::{Books, LimitIx, Paced};
use tollgate_config::{Config, OriginHost, Store};
use tollgate_dialect::{Pace, Profile};
use tollgate_gateway::clock::Clock;
use tollgate_gateway::egress::dial::{Origin, client_tls};
use tollgate_gateway::{Bound, Breaker, Drift, Governor, Repeats, Upstream, Upstreams};
use tollgate_model::{Limit, LimitKind, Rate, Scope};
use tollgate_policy::Methods;
use tollgate_registry::Registry;
use tollgate_registry::registry::Attach;

use super::watches::Watches;

/// The upstreams, with each account's own limits bound.
pub(crate) struct Opened {
    pub(crate) all: Upstreams,
    pub(super) with_limits: Vec<(Arc<Upstream>, Arc<[LimitIx]>)>,
    /// The rates of the accounts themselves, in the same order, where they are counted together with other gates.
    paced: Vec<Option<Arc<Paced>>>,
    shared: bool,
}

/// Makes every upstream of the configuration.
pub(crate) fn open(config: &Config, watches: &Watches, books: &Books, clock: Clock) -> Result<Opened> {
    let (mut with_limits, mut paced) = (Vec::new(), Vec::new());
    let mut system_trust = None;
    for upstream in &config.upstreams {
        let profile = Profile::builtin(&upstream.profile).with_context(|| format!("there is no profile `{}`", upstream.profile))?;
        let account = books.account(&upstream.name, profile.task_deadline_ms());
        let scope = Scope::Upstream(upstream.name.clone());
        let now = clock.now();
        let pace = if upstream.governor { *profile.pace() } else { Pace::default() };
        let rate = tighter(rate_of(&upstream.limits), pace.submissions());
        let others = upstream.limits.iter().filter(|kind| !matches!(kind, LimitKind::Rate(_))).cloned();
        let kinds = others.chain(rate.map(LimitKind::Rate));
        let limits = kinds.map(|kind| account.bind(&Limit::new(scope.clone(), kind), now)).collect();
        paced.push(rate.map(|rate| Arc::new(Paced::new(scope, rate))));
        let threads = upstream.limits.iter().find_map(|kind| match kind {
            LimitKind::Concurrency(open) => Some(*open),
            LimitKind::Rate(_) | LimitKind::Cap { .. } => None,
        });
        let made = Arc::new(Upstream {
            name: upstream.name.clone(),
            hosts: upstream.hosts.clone(),
            profile: Arc::new(profile),
            prices: upstream.prices.clone(),
            origin: origin(upstream, &mut system_trust)?,
            keyring: watches.keyring(&upstream.name).context("an upstream without a secret")?,
            account,
            threads: upstream.plan.map(|plan| plan.threads).or(threads),
            breaker: Breaker::new(pace.refused_rest_ms()),
            crowd: Default::default(),
            governor: Governor::new(pace),
            collapse: upstream.collapse.map(collapse),
            // beside other gates' purchases ours explain nothing
            drift: upstream.balance_every.filter(|_| config.store == Store::Sqlite).map(|every| Drift::new(millis(every))),
            stopped: Default::default(),
        });
        with_limits.push((made, limits));
    }
    let all = Upstreams::new(with_limits.iter().map(|(upstream, _)| upstream.clone()));
    Ok(Opened { all, with_limits, paced, shared: config.rates.is_some() })
}

fn rate_of(kinds: &[LimitKind]) -> Option<Rate> {
    kinds.iter().find_map(|kind| match kind {
        LimitKind::Rate(rate) => Some(*rate),
        LimitKind::Cap { .. } | LimitKind::Concurrency(_) => None,
    })
}

/// What the provider bans for binds beside what the operator has set: a scope has one rate, which is within both.
fn tighter(one: Option<Rate>, other: Option<Rate>) -> Option<Rate> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Rate { per_minute: one.per_minute.min(other.per_minute), burst: one.burst.min(other.burst) }),
        (rate, None) | (None, rate) => rate,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn collapse(window: Duration) -> Arc<Repeats> {
    Arc::new(Repeats::keeping(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)))
}

fn origin(upstream: &tollgate_config::Upstream, system_trust: &mut Option<Arc<ClientConfig>>) -> Result<Origin> {
    let host = match &upstream.origin.host {
        OriginHost::Name(name) => name.clone(),
        OriginHost::Address(address) => address.to_string(),
    };
    let tls = match (upstream.origin.tls, &upstream.ca) {
        (false, _) => None,
        (true, Some(file)) => {
            let roots = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let roots =
                roots.with_context(|| format!("cannot read the authority `{}` of the upstream `{}`", file.display(), upstream.name))?;
            Some(client_tls(Some(roots))?)
        }
        (true, None) => {
            if system_trust.is_none() {
                *system_trust = Some(client_tls(None)?);
            }
            system_trust.clone()
        }
    };
    Ok(Origin::new(host, upstream.origin.port, tls))
}

impl Opened {
    /// Every method that a living key names has a price at its upstream: a price that went out of the configuration would else be
    /// noticed by the callers first.
    pub(super) fn price_what_keys_use(&self, registry: &Registry<Bound>) -> Result<()> {
        let snapshot = registry.snapshot();
        for record in snapshot.records().filter(|record| record.revoked.is_none()) {
            let Methods::Only(methods) = &record.terms.methods else { continue };
            let Some(upstream) = self.all.named(record.upstream.as_str()) else { continue };
            if let Some(method) = methods.iter().find(|method| upstream.prices.worst_case(method).is_none()) {
                bail!(
                    "the key `{}` may use `{method}`, which has no price at the upstream `{}`: add it to the upstream's `prices`",
                    record.name,
                    upstream.name
                );
            }
        }
        Ok(())
    }

    /// The price tables in force, each with its version: what is held from now on is held by them.
    pub(crate) fn prices(&self) -> Value {
        let table = |upstream: &Upstream| -> Map<String, Value> {
            upstream.prices.iter().map(|(method, price)| (method.to_owned(), price.to_string().into())).collect()
        };
        let told = |(upstream, _): &(Arc<Upstream>, Arc<[LimitIx]>)| {
            let version = upstream.prices.version();
            (upstream.name.to_string(), json!({ "version": version, "table": table(upstream) }))
        };
        Value::Object(self.with_limits.iter().map(told).collect())
    }

    /// What every key of the snapshot carries: its upstream, and its limits, its team's and its upstream's as the account knows
    /// them. Calls in flight are counted over all changes of a key.
    pub(crate) fn attach(&self, clock: Clock) -> Attach<Bound> {
        let upstreams: Vec<_> = self.with_limits.iter().cloned().zip(self.paced.iter().cloned()).collect();
        let together = self.shared;
        Box::new(move |record, limits, before| {
            let ((upstream, shared), paced) = upstreams.iter().find(|((upstream, _), _)| upstream.name == record.upstream)?;
            let now = clock.now();
            let own = limits.iter().map(|limit| upstream.account.bind(limit, now));
            Some(Bound {
                upstream: upstream.clone(),
                limits: own.chain(shared.iter().copied()).collect(),
                paced: if together { rates(limits).chain(paced.clone()).collect() } else { Box::default() },
                in_flight: before.map_or_else(|| Arc::new(AtomicUsize::new(0)), |before| before.in_flight.clone()),
                // a pause of the brake's ends with its measure: whoever is resumed is measured afresh
                pace: match before {
                    Some(before) if record.paused.is_some() || !before.pace.is_over() => before.pace.clone(),
                    Some(_) | None => Arc::default(),
                },
            })
        })
    }
}

/// The rates among a key's own limits and its team's.
fn rates(limits: &[Limit]) -> impl Iterator<Item = Arc<Paced>> {
    limits.iter().filter_map(|limit| match limit.kind {
        LimitKind::Rate(rate) => Some(Arc::new(Paced::new(limit.scope.clone(), rate))),
        LimitKind::Cap { .. } | LimitKind::Concurrency(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_the_operators_and_the_pace_that_the_provider_bans_for_both_bind() {
        let rate = |per_minute, burst| Some(Rate { per_minute, burst });
        assert_eq!(tighter(rate(60, 6), rate(900, 15)), rate(60, 6));
        assert_eq!(tighter(rate(900, 100), rate(900, 15)), rate(900, 15));
        assert_eq!((tighter(rate(60, 6), None), tighter(None, rate(900, 15)), tighter(None, None)), (rate(60, 6), rate(900, 15), None));
    }
}
