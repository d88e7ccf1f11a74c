//! Who buys, where, within which limits? Drawn from the seed: keys of teams at accounts, limits that overlap.

use tollgate_model::{Amount, KeyId, Limit, LimitKind, Money, Name, Period, Raise, Rate, Scope, Timestamp, Zone};

use super::random::Random;

/// The methods and what they cost at most, in nano-dollars.
pub(super) const METHODS: [(&str, i64); 3] = [("small", 1_000), ("middle", 3_000), ("large", 7_000)];

/// The zones whose days are counted, and the instants shortly after which a new day begins in one of them: DST changes and
/// ordinary ends of months.
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
const EVES: [&str; 8] = [
    "2026-03-28T22:59:00Z",
    "2026-03-29T21:59:00Z",
    "2026-10-24T21:59:00Z",
    "2026-10-25T22:59:00Z",
    "2026-11-01T03:59:00Z",
    "2026-10-04T12:59:00Z",
    "2026-11-30T23:59:00Z",
    "2026-12-31T12:00:00Z",
];

/// A key.
#[derive(Clone, Debug)]
pub(super) struct Buyer {
    pub(super) key: KeyId,
    pub(super) team: Option<Name>,
    pub(super) account: Name,
}

/// A limit, in force or not.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) limit: Limit,
    pub(super) on: bool,
}

/// Everything that does not change in a history but the amounts of its limits.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) accounts: Vec<Name>,
    pub(super) buyers: Vec<Buyer>,
    pub(super) rules: Vec<Rule>,
    pub(super) deadline_ms: u64,
    pub(super) begins: Timestamp,
}

impl Scenario {
    pub(super) fn of(seed: u64) -> Self {
        let random = &mut Random::of(seed, u64::MAX - 1);
        let names = |all: &[&str]| all.iter().filter_map(|name| Name::parse(name).ok()).collect::<Vec<_>>();
        let accounts = names(if random.one_in(3) { &["p"] } else { &["p", "q"] });
        let teams = names(if random.one_in(3) { &["crew"] } else { &["crew", "desk"] });
        let buyers: Vec<Buyer> = (1..=2 + u8::try_from(random.below(3)).unwrap_or(0))
            .filter_map(|number| {
                let team = if random.one_in(4) { None } else { random.pick(&teams) };
                Some(Buyer { key: KeyId::from_bytes([number; 16]), team, account: random.pick(&accounts)? })
            })
            .collect();
        let mut scopes: Vec<Scope> = buyers.iter().map(|buyer| Scope::Key(buyer.key)).collect();
        scopes.extend(teams.into_iter().map(Scope::Team));
        scopes.extend(accounts.iter().cloned().map(Scope::Upstream));
        let mut rules: Vec<Rule> = Vec::new();
        for scope in scopes {
            for _ in 0..=random.below(3) {
                let limit = Limit::new(scope.clone(), kind(random));
                // an amount over the same counter is the same limit
                if !rules.iter().any(|rule| same(&rule.limit, &limit)) {
                    rules.push(Rule { limit, on: !random.one_in(5) });
                }
            }
        }
        let deadline_ms = random.pick(&[30_000, 600_000, 1_200_000]).unwrap_or(600_000);
        let begins = random.pick(&EVES).and_then(Timestamp::parse_rfc3339).unwrap_or_default();
        Self { accounts, buyers, rules, deadline_ms, begins }
    }

    /// The rules in force that a buyer's purchases stand under, by their place.
    pub(super) fn of_buyer(&self, buyer: &Buyer) -> Vec<usize> {
        let concerns = |rule: &Rule| rule.on && in_scope(&rule.limit.scope, buyer);
        self.rules.iter().enumerate().filter(|(_, rule)| concerns(rule)).map(|(place, _)| place).collect()
    }

    /// Another amount for a rule, more of it for a while or no longer, or the rule taken away or put back; an account's own limits are read at a start only.
    pub(super) fn change(&mut self, random: &mut Random, now: Timestamp) -> Option<usize> {
        let place = random.below(self.rules.len());
        let rule = self.rules.get_mut(place).filter(|rule| !matches!(rule.limit.scope, Scope::Upstream(_)))?;
        if rule.on && random.one_in(3) {
            rule.on = false;
            return Some(place);
        }
        rule.on = true;
        if let (LimitKind::Cap { amount, .. }, true) = (&rule.limit.kind, random.one_in(2)) {
            rule.limit.raise = raise(*amount, random, now);
            return Some(place);
        }
        rule.limit.kind = match &rule.limit.kind {
            LimitKind::Cap { amount, period, zone } => {
                LimitKind::Cap { amount: another(*amount, random), period: *period, zone: zone.clone() }
            }
            LimitKind::Rate(_) => LimitKind::Rate(rate(random)),
            LimitKind::Concurrency(_) => LimitKind::Concurrency(most(random)),
        };
        Some(place)
    }
}

/// Whether a buyer's purchases count in a scope.
pub(super) fn in_scope(scope: &Scope, buyer: &Buyer) -> bool {
    match scope {
        Scope::Key(key) => buyer.key == *key,
        Scope::Team(team) => buyer.team.as_ref() == Some(team),
        Scope::Upstream(upstream) => buyer.account == *upstream,
    }
}

fn same(one: &Limit, other: &Limit) -> bool {
    one.scope == other.scope
        && match (&one.kind, &other.kind) {
            (LimitKind::Cap { amount, period, zone }, LimitKind::Cap { amount: other, period: over, zone: at }) => {
                std::mem::discriminant(amount) == std::mem::discriminant(other) && period == over && zone == at
            }
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
}

fn kind(random: &mut Random) -> LimitKind {
    match random.below(7) {
        0 => LimitKind::Rate(rate(random)),
        1 => LimitKind::Concurrency(most(random)),
        choice => {
            let amount = if choice < 5 { Amount::Money(Money::ZERO) } else { Amount::Tasks(0) };
            let zone = random.pick(&ZONES).and_then(|name| Zone::parse(name).ok()).unwrap_or_else(Zone::utc);
            let period = match random.below(8) {
                0 => Period::Total,
                1 => Period::Month,
                2 => Period::Week,
                3 => Period::Hour,
                4 => Period::Rolling,
                _ => Period::Day,
            };
            let zone = if period.has_zone() { zone } else { Zone::utc() };
            LimitKind::Cap { amount: another(amount, random), period, zone }
        }
    }
}

/// From a few holds, which are written through, to thousands, which are leased in slices.
fn another(amount: Amount, random: &mut Random) -> Amount {
    let few = random.pick(&[3_i64, 9, 20, 60, 60, 300, 1_000, 20_000]).unwrap_or(9);
    let odd = i64::try_from(random.below(1_000)).unwrap_or(0);
    amount.with_units(if matches!(amount, Amount::Money(_)) { few * 1_000 + odd } else { few })
}

/// More for seconds, for an hour, or beyond the end of a day; one in four is ended before its time.
fn raise(amount: Amount, random: &mut Random, now: Timestamp) -> Option<Raise> {
    let millis = random.pick(&[None, Some(4_000), Some(3_700_000), Some(90_000_000)]).flatten()?;
    let more = amount.units().saturating_mul(random.pick(&[2, 3, 10]).unwrap_or(2));
    Some(Raise { amount: amount.with_units(more), until: now.plus_millis(millis) })
}

fn rate(random: &mut Random) -> Rate {
    Rate { per_minute: 6 + u32::try_from(random.below(60)).unwrap_or(0), burst: 1 + u32::try_from(random.below(8)).unwrap_or(0) }
}

fn most(random: &mut Random) -> u32 {
    2 + u32::try_from(random.below(12)).unwrap_or(0)
}
