//! How much was used on a day?

use std::collections::BTreeMap;

use tollgate_model::{KeyId, Money, Name, Timestamp};

use super::{Book, MINUTE_MS};
use crate::adjust::Spent;
use crate::port::{HoldRow, HoldState, UsageRow};

impl Book {
    pub(super) fn usage(&self, since: &str, until: &str) -> Vec<UsageRow> {
        let mut rows: BTreeMap<(tollgate_model::KeyId, Name, String, String), UsageRow> = BTreeMap::new();
        for hold in self.holds.values().filter(|hold| hold.state != HoldState::Voided) {
            let day = day_of(hold.at);
            if day.as_str() < since || day.as_str() > until {
                continue;
            }
            let row = rows.entry((hold.key, hold.upstream.clone(), hold.method.clone(), day.clone())).or_insert_with(|| UsageRow {
                key: hold.key,
                team: hold.team.clone(),
                upstream: hold.upstream.clone(),
                method: hold.method.clone(),
                day,
                tasks: 0,
                settled: Money::ZERO,
                held: Money::ZERO,
                unknown: Money::ZERO,
                excess: Money::ZERO,
                busy_ms: 0,
            });
            row.busy_ms += self.busy.get(&hold.request).copied().unwrap_or(0);
            row.tasks += i64::from(hold.state != HoldState::Adjusted);
            let add = |sum: &mut Money, more: Money| *sum = sum.checked_add(more).unwrap_or(Money::MAX);
            match hold.state {
                HoldState::Open => add(&mut row.held, hold.held),
                HoldState::Unknown => add(&mut row.unknown, hold.held),
                HoldState::Adjusted => add(&mut row.settled, hold.settled.unwrap_or(Money::ZERO)),
                HoldState::Settled | HoldState::Voided => {
                    let cost = hold.settled.unwrap_or(Money::ZERO);
                    add(&mut row.settled, cost);
                    add(&mut row.excess, cost.checked_sub(hold.held).unwrap_or(Money::ZERO).max(Money::ZERO));
                }
            }
        }
        rows.into_values().collect()
    }

    pub(super) fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Vec<Spent> {
        let mut minutes: BTreeMap<(i64, Name, &str, Option<Name>), i64> = BTreeMap::new();
        let counted = |hold: &&HoldRow| matches!(hold.state, HoldState::Settled | HoldState::Adjusted) && hold.key == key;
        for hold in self.holds.values().filter(counted).filter(|hold| from <= hold.at && hold.at < to) {
            let minute = (hold.at.millis().div_euclid(MINUTE_MS), hold.upstream.clone(), &*hold.method, hold.team.clone());
            *minutes.entry(minute).or_default() += hold.settled.unwrap_or(Money::ZERO).nanos();
        }
        let minutes = minutes.into_iter().filter(|(_, nanos)| *nanos > 0);
        let told = minutes.map(|((minute, upstream, method, team), nanos)| Spent {
            at: Timestamp::from_millis(minute * MINUTE_MS),
            team,
            upstream,
            method: method.to_owned(),
            settled: Money::from_nanos(nanos),
        });
        told.collect()
    }
}

fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
