//! What does the desk ask of the running gate? Limits, findings, counts, and whose a string is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use anyhow::{Context, Result};
use tollgate_admin::{
    AdjustedShown, Adjusting, Counts, Desk, Doors, Finding, Gate as GateDoor, NotAdjusted, Pending, PlanShown, RateCounts, RealKey,
    ResolvedShown, Running, Token, UnknownShown, UpstreamShown, Whose,
};
use tollgate_audit::{HoldEnd, Kind, Record};
use tollgate_books::{LimitIx, LimitView, StoreError, Unknown, UsageRow};
use tollgate_config::Config;
use tollgate_gateway::{Bound, Gate, Upstream};
use tollgate_model::{CidrSet, Money, Name, RequestId, Scope};
use tollgate_policy::PriceTable;
use tollgate_registry::Key;
use tollgate_secrets::Recognised;
use tollgate_store_redis::RedisRates;

use super::adjust::Untold;
use super::audit_folder;
use super::findings::findings_of;
use super::lane::DeskLane;
use super::upstreams::Opened;
use super::watches::{self, Troubles};

/// The gate as the desk sees it.
pub(crate) struct Inside {
    pub(super) gate: Arc<Gate>,
    pub(super) upstreams: Vec<(Arc<Upstream>, Arc<[LimitIx]>)>,
    troubles: Troubles,
    pub(super) lane: Arc<DeskLane>,
    pub(super) adjusting: tokio::sync::Mutex<Untold>,
    plans: BTreeMap<Name, PlanShown>,
    rates: Option<Arc<RedisRates>>,
    sets: BTreeMap<Name, CidrSet>,
    state: PathBuf,
    pub(super) audit: PathBuf,
}

/// Below this much room on the disk somebody should know.
const LITTLE_ROOM: u64 = 1 << 30;

/// Opens the desk's doors.
pub(crate) async fn open(config: &Config, inside: Arc<Inside>, lane: Arc<DeskLane>) -> Result<Running> {
    let token = match &config.admin.token {
        Some(source) => watches::admin_token(source)?,
        None => own_token(&config.state.join("admin.token"))?,
    };
    let doors = Doors { socket: config.state.join("admin.sock"), port: Some(config.admin.address), token };
    let clock = inside.gate.clock;
    let registry = inside.gate.registry.clone();
    let desk = Desk { registry, gate: inside, acts: lane, clock: Arc::new(move || clock.now()) };
    let address = config.admin.address;
    tollgate_admin::start(desk, doors)
        .await
        .with_context(|| format!("the admin API cannot listen at `{address}`: `--admin` moves it, and port 0 picks a free one"))
}

fn plan(upstream: &tollgate_config::Upstream) -> Option<(Name, PlanShown)> {
    let plan = upstream.plan?;
    Some((upstream.name.clone(), PlanShown { monthly: plan.monthly, threads: plan.threads }))
}

fn own_token(file: &Path) -> Result<Token> {
    let text = fs::read(file).with_context(|| format!("cannot read the admin token `{}`", file.display()))?;
    Token::new(&text).with_context(|| format!("the admin token `{}` is empty: remove it, and the next start makes one", file.display()))
}

impl Inside {
    pub(crate) fn new(gate: Arc<Gate>, config: &Config, upstreams: &Opened, troubles: Troubles, lane: Arc<DeskLane>) -> Self {
        Self {
            gate,
            upstreams: upstreams.with_limits.clone(),
            troubles,
            lane,
            adjusting: Default::default(),
            plans: config.upstreams.iter().filter_map(plan).collect(),
            rates: None,
            sets: config.network.sets.clone(),
            state: config.state.clone(),
            audit: audit_folder(&config.state),
        }
    }

    /// The same with rates that are counted together with other gates.
    pub(crate) fn with_rates(mut self, rates: Option<Arc<RedisRates>>) -> Self {
        self.rates = rates;
        self
    }

    /// Where a key's own limits and its team's stand.
    async fn limits_of(&self, key: Option<Arc<Key<Bound>>>) -> Vec<LimitView> {
        let Some(key) = key else { return Vec::new() };
        let views = self.gate.books.view(&key.attachment.upstream.account, &key.attachment.limits).await;
        views.into_iter().filter(|view| !matches!(view.limit.scope, Scope::Upstream(_))).collect()
    }

    /// A team's limits, as the account of one of its keys knows them.
    async fn limits_of_team(&self, team: &Name) -> Vec<LimitView> {
        let member = {
            let snapshot = self.gate.registry.snapshot();
            let mut members = snapshot.records().filter(|record| record.terms.team.as_ref() == Some(team));
            members.find_map(|record| snapshot.key(record.name.as_str()).cloned())
        };
        let views = self.limits_of(member).await;
        views.into_iter().filter(|view| matches!(view.limit.scope, Scope::Team(_))).collect()
    }

    async fn limits_of_upstream(&self, name: &Name) -> Vec<LimitView> {
        match self.upstreams.iter().find(|(upstream, _)| upstream.name == *name) {
            Some((upstream, limits)) => self.gate.books.view(&upstream.account, limits).await,
            None => Vec::new(),
        }
    }
}

impl GateDoor for Inside {
    fn unready(&self) -> Option<String> {
        self.gate.unready().map(str::to_owned)
    }

    fn unknowns(&self) -> Vec<UnknownShown> {
        let snapshot = self.gate.registry.snapshot();
        let shown = |upstream: &Upstream, unknown: Unknown| UnknownShown {
            request: unknown.request.to_string(),
            key: snapshot.name_of(unknown.key).map_or_else(|| unknown.key.to_string(), ToString::to_string),
            upstream: upstream.name.clone(),
            method: unknown.method.into(),
            held: unknown.held.to_string(),
            at: unknown.at.to_string(),
        };
        let of = |(upstream, _): &(Arc<Upstream>, Arc<[LimitIx]>)| {
            upstream.account.unknowns().into_iter().map(|unknown| shown(upstream, unknown)).collect::<Vec<_>>()
        };
        let mut unknown: Vec<_> = self.upstreams.iter().flat_map(of).collect();
        // ids are made in the order of time
        unknown.sort_by(|one, other| one.request.cmp(&other.request));
        unknown
    }

    /// The books first: a line of which they were never told would say what they do not count. The act itself is on the disk before.
    fn resolve(&self, request: RequestId, cost: Option<Money>, reason: &str) -> Option<ResolvedShown> {
        let now = self.gate.clock.now();
        let ended = |upstream: &Arc<Upstream>| Some((upstream.clone(), upstream.account.resolve(request, cost, now)?));
        let (upstream, closed) = self.upstreams.iter().find_map(|(upstream, _)| ended(upstream))?;
        let snapshot = self.gate.registry.snapshot();
        self.lane.settled(&Record {
            key: snapshot.name_of(closed.key).map(|name| (closed.key, name)),
            upstream: Some(&upstream.name),
            method: Some(&closed.method),
            reason: Some(reason),
            held: Some(closed.held),
            settled: Some(closed.settled),
            hold: Some(if closed.voided { HoldEnd::Voided } else { HoldEnd::Settled }),
            generation: snapshot.generation,
            ..Record::new(now.wall, Kind::Settle, request)
        });
        Some(ResolvedShown { held: closed.held.to_string(), settled: closed.settled.to_string(), voided: closed.voided })
    }

    fn adjust(&self, asked: Adjusting) -> Pending<'_, Result<AdjustedShown, NotAdjusted>> {
        Box::pin(self.adjusted(asked))
    }

    fn upstreams(&self) -> Vec<UpstreamShown> {
        let shown = |(upstream, _): &(Arc<Upstream>, Arc<[LimitIx]>)| UpstreamShown {
            name: upstream.name.clone(),
            profile: upstream.profile.name().to_owned(),
            host: upstream.origin.host.clone(),
            secret_version: upstream.keyring.current().map(|entry| entry.version().to_string()),
            prices: upstream.prices.iter().map(|(method, price)| (method.to_owned(), price.to_string())).collect(),
            prices_version: upstream.prices.version(),
            stopped: upstream.stopped.load().iter().map(ToString::to_string).collect(),
            plan: self.plans.get(&upstream.name).copied(),
        };
        self.upstreams.iter().map(shown).collect()
    }

    fn prices(&self, upstream: &Name) -> Option<PriceTable> {
        self.gate.upstreams.named(upstream.as_str()).map(|upstream| upstream.prices.clone())
    }

    fn set(&self, name: &str) -> Option<CidrSet> {
        self.sets.get(&Name::parse(name).ok()?).cloned()
    }

    fn limits<'a>(&'a self, whose: Whose<'a>) -> Pending<'a, Vec<LimitView>> {
        Box::pin(async move {
            match whose {
                Whose::Key(name) => {
                    let key = self.gate.registry.snapshot().key(name.as_str()).cloned();
                    self.limits_of(key).await
                }
                Whose::Team(name) => self.limits_of_team(name).await,
                Whose::Upstream(name) => self.limits_of_upstream(name).await,
            }
        })
    }

    fn usage<'a>(&'a self, since: &'a str, until: &'a str) -> Pending<'a, Result<Vec<UsageRow>, StoreError>> {
        Box::pin(self.gate.books.usage(since, until))
    }

    fn recognise(&self, presented: &[u8]) -> Option<RealKey> {
        self.upstreams.iter().find_map(|(upstream, _)| {
            let (version, live) = match upstream.keyring.recognise(presented)? {
                Recognised::Live(version) => (version, true),
                Recognised::Past(version) => (version, false),
            };
            Some(RealKey { upstream: upstream.name.clone(), version: version.to_string(), live })
        })
    }

    fn audit(&self) -> &Path {
        &self.audit
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut say = |severity, what: String, fix: &str| findings.push(Finding { severity, what, fix: fix.to_owned() });
        if let Some(why) = self.gate.unready() {
            say("error", format!("paid calls are refused: {why}"), "the findings below say why; `GET /readyz` says when it is over");
        }
        for (upstream, trouble) in self.troubles.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            say(
                "error",
                format!("the real key of `{upstream}` cannot be read: {trouble}"),
                "mend the source; it is looked at every second, no restart is needed",
            );
        }
        for (upstream, _) in &self.upstreams {
            findings_of(upstream, &mut say);
        }
        for (upstream, trouble) in self.rates.iter().flat_map(|rates| rates.troubles()) {
            say(
                "warning",
                format!("the rates of `{upstream}` are not counted together with the other gates: {trouble}"),
                "until it is mended each gate admits its part of every rate; it goes on by itself",
            );
        }
        let now = self.gate.clock.now().wall;
        if now < self.gate.floor {
            say(
                "error",
                format!("the clock stands at {now}, before the audit log's last line at {}", self.gate.floor),
                "set the clock; paid calls go on by themselves",
            );
        }
        match tollgate_sys::free_bytes(&self.state) {
            Ok(room) if room < LITTLE_ROOM => {
                say(
                    "warning",
                    format!("{} MiB are left on the disk of the state folder", room >> 20),
                    "make room: without any, paid calls are refused",
                );
            }
            Ok(_) => {}
            Err(error) => say("warning", format!("the state folder's disk does not answer: {error}"), "look at the mount"),
        }
        findings
    }

    fn counts(&self) -> Counts {
        let tally = &self.gate.tally;
        Counts {
            allowed: tally.allowed().collect(),
            denied: tally.denied().map(|(code, count)| (code.as_str(), count)).collect(),
            failed: tally.failed().map(|(code, count)| (code.as_str(), count)).collect(),
            connections: self.gate.guests.open() as u64,
            lanes_failing: self.gate.lanes.iter().filter(|lane| lane.is_failing()).count() as u64,
            account_waits: self.gate.books.accounts().iter().map(|account| account.waits()).sum(),
            rates: self.rates.as_ref().map(|rates| {
                let tollgate_store_redis::Counts { asked, alone, lost } = rates.counts();
                RateCounts { asked, alone, lost, away: rates.troubles().len() as u64 }
            }),
        }
    }
}
