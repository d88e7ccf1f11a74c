//! What was spent, by key, team, method or day; and for how long each kept a thread of a plan at work.

mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_books::UsageRow;
use tollgate_model::{Money, Name, Timestamp};
use tollgate_policy::duration;

use crate::body::Query;
use crate::desk::{Desk, json};
use crate::problem::{Kind, Problem};

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    by: Option<String>,
    since: Option<String>,
    month: Option<String>,
}

/// One sum.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    tasks: i64,
    settled: i64,
    held: i64,
    unknown: i64,
    excess: i64,
    busy_ms: i64,
    /// Of the plans' prices of the month that was asked for.
    plan: Option<i64>,
}

pub(crate) async fn usage<A: Send + Sync + 'static>(
    State(desk): State<Arc<Desk<A>>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let by = asked.by.as_deref().unwrap_or("key");
    if !["key", "team", "method", "day"].contains(&by) {
        return Err(Problem::new(Kind::Malformed, format!("`by={by}` is not known")).hint("`key`, `team`, `method` or `day`"));
    }
    let (since, until) = days(&asked, (desk.clock)().wall)?;
    let rows = desk.gate.usage(&since, &until).await;
    let rows = rows.map_err(|error| Problem::new(Kind::StoreUnavailable, error.to_string()))?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut total = Sum::default();
    for row in &rows {
        sums.entry(label(&desk, by, row)).or_default().add(row);
        total.add(row);
    }
    // a plan is paid for by the month
    if asked.month.is_some() {
        for (label, share) in plan::shares(&rows, |row| label(&desk, by, row), &plans(&desk)) {
            sums.entry(label).or_default().pays(share);
            total.pays(share);
        }
    }
    let shown: Vec<Value> = sums.into_iter().map(|(label, sum)| Value::Object(sum.shown(by, &label))).collect();
    let mut total = total.shown("", "");
    total.shift_remove("");
    Ok(json(200, &json!({ "by": by, "since": since, "until": until, "rows": shown, "total": total })))
}

fn plans<A>(desk: &Desk<A>) -> BTreeMap<Name, Money> {
    desk.gate.upstreams().into_iter().filter_map(|upstream| Some((upstream.name, upstream.plan?.monthly))).collect()
}

fn label<A: Send + Sync + 'static>(desk: &Desk<A>, by: &str, row: &UsageRow) -> String {
    match by {
        "key" => desk.registry.snapshot().name_of(row.key).map_or_else(|| row.key.to_string(), ToString::to_string),
        "team" => row.team.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        "method" => row.method.clone(),
        _ => row.day.clone(),
    }
}

/// First and last UTC day, both included.
fn days(asked: &Asked, now: Timestamp) -> Result<(String, String), Problem> {
    let day = |at: Timestamp| at.to_string().get(..10).unwrap_or_default().to_owned();
    if asked.month.is_some() && asked.since.is_some() {
        return Err(Problem::new(Kind::Malformed, "`since` and `month` are two spans").hint("leave one of them out"));
    }
    if let Some(month) = &asked.month {
        let whole = format!("{month}-01T00:00:00Z");
        if month.len() != 7 || Timestamp::parse_rfc3339(&whole).is_none() {
            return Err(Problem::new(Kind::Malformed, format!("`month={month}` is no month")).hint("such as `2026-11`"));
        }
        return Ok((format!("{month}-01"), format!("{month}-31")));
    }
    let since = asked.since.as_deref().unwrap_or("7d");
    let time = duration::parse(since).map_err(|error| Problem::new(Kind::Malformed, format!("`since={since}`: {error}")))?;
    let back = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Ok((day(now.plus_millis(back.saturating_neg())), day(now)))
}

impl Sum {
    fn add(&mut self, row: &UsageRow) {
        self.tasks = self.tasks.saturating_add(row.tasks);
        self.settled = self.settled.saturating_add(row.settled.nanos());
        self.held = self.held.saturating_add(row.held.nanos());
        self.unknown = self.unknown.saturating_add(row.unknown.nanos());
        self.excess = self.excess.saturating_add(row.excess.nanos());
        self.busy_ms = self.busy_ms.saturating_add(row.busy_ms);
    }

    fn pays(&mut self, share: i64) {
        self.plan = Some(self.plan.unwrap_or(0).saturating_add(share));
    }

    fn shown(self, by: &str, label: &str) -> Map<String, Value> {
        let money = |nanos: i64| Value::from(Money::from_nanos(nanos).to_string());
        let mut row = Map::new();
        row.insert(by.to_owned(), label.into());
        row.insert("tasks".to_owned(), self.tasks.into());
        row.insert("settled".to_owned(), money(self.settled));
        row.insert("held".to_owned(), money(self.held));
        row.insert("unknown".to_owned(), money(self.unknown));
        row.insert("excess".to_owned(), money(self.excess));
        row.insert("thread_seconds".to_owned(), format!("{}.{:03}", self.busy_ms / 1_000, self.busy_ms % 1_000).into());
        if let Some(share) = self.plan {
            row.insert("plan".to_owned(), money(share));
        }
        row
    }
}

#[cfg(test)]
mod tests;
