//! What do a post's facts change in counters and usage? Added up in memory, so that a counter is written once a post.

use std::collections::{BTreeMap, HashMap};

use tollgate_books::HoldRow;
use tollgate_model::{Name, Scope, Timestamp};

use super::passed;
use super::usage::{Group, Sums, Usage};
use crate::column::{instant, plain, scope_words};
use crate::failure::Failure;
use crate::session::Session;

/// The sums of one post.
#[derive(Default)]
pub(super) struct Tally {
    /// By scope: what changed, for which instance and account, admitted when.
    changes: HashMap<String, Vec<Change>>,
    usage: Usage,
}

struct Change {
    instance: String,
    account: Name,
    at: Timestamp,
    money: i64,
    tasks: i64,
}

/// A counter of a scope.
struct Known {
    id: i64,
    scope: String,
    counts_money: bool,
    starts: Timestamp,
    ends: Timestamp,
}

impl Tally {
    /// A hold changed, or is new; settled, it has kept a thread at work for so long.
    pub(super) fn add(&mut self, instance: &str, before: Option<&HoldRow>, after: &HoldRow, busy: i64) {
        let change = Sums::of(after).minus(&before.map_or(Sums::default(), Sums::of)).busy_for(busy);
        let team = after.team.as_ref().map(|team| Scope::Team(team.clone()));
        let scopes = [Some(Scope::Key(after.key)), team, Some(Scope::Upstream(after.upstream.clone()))];
        for scope in scopes.iter().flatten() {
            self.changes.entry(scope_words(scope)).or_default().push(Change {
                instance: instance.to_owned(),
                account: after.upstream.clone(),
                at: after.at,
                money: change.weight(),
                tasks: change.tasks,
            });
        }
        self.usage.add(Group::of(instance, after), after.request, &change);
    }

    /// Writes the sums. What no holder has leased counts for the instance that took the hold: nothing spent is left out.
    pub(super) async fn write(self, session: &Session) -> Result<(), Failure> {
        let mut shares: BTreeMap<(i64, &str, &str), i64> = BTreeMap::new();
        let known = self.known(session).await?;
        for counter in &known {
            let changes = self.changes.get(&counter.scope).map_or(&[][..], Vec::as_slice);
            for change in changes.iter().filter(|change| counter.starts <= change.at && change.at < counter.ends) {
                let sum = shares.entry((counter.id, &change.instance, change.account.as_str())).or_default();
                *sum = sum.saturating_add(if counter.counts_money { change.money } else { change.tasks });
            }
        }
        put(session, &shares).await?;
        let mut minutes: BTreeMap<(&str, i64), (i64, i64)> = BTreeMap::new();
        for (scope, change) in self.changes.iter().flat_map(|(scope, changes)| changes.iter().map(move |change| (scope, change))) {
            let (tasks, money) = minutes.entry((scope, passed::minute(change.at))).or_default();
            (*tasks, *money) = (tasks.saturating_add(change.tasks), money.saturating_add(change.money));
        }
        passed::add(session, &minutes).await?;
        self.usage.write(session).await
    }

    /// The counters in which something may have changed.
    async fn known(&self, session: &Session) -> Result<Vec<Known>, Failure> {
        let scopes: Vec<&str> = self.changes.keys().map(String::as_str).collect();
        let instants = || self.changes.values().flatten().map(|change| change.at.millis());
        let (Some(first), Some(last)) = (instants().min(), instants().max()) else { return Ok(Vec::new()) };
        let sql = "SELECT id, scope, unit = 'money', starts, ends FROM tollgate.counters
                   WHERE scope = ANY($1) AND starts <= $3 AND ends > $2";
        let rows = session.query(sql, &[&scopes, &first, &last]).await?;
        let read = |row: &tokio_postgres::Row| {
            Ok(Known {
                id: plain(row, 0)?,
                scope: plain(row, 1)?,
                counts_money: plain(row, 2)?,
                starts: instant(row, 3)?,
                ends: instant(row, 4)?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Adds to the holders' shares, in one order for all gates. A sum that would leave the range stays at its end.
async fn put(session: &Session, shares: &BTreeMap<(i64, &str, &str), i64>) -> Result<(), Failure> {
    if shares.is_empty() {
        return Ok(());
    }
    let counters: Vec<i64> = shares.keys().map(|(counter, _, _)| *counter).collect();
    let instances: Vec<&str> = shares.keys().map(|(_, instance, _)| *instance).collect();
    let accounts: Vec<&str> = shares.keys().map(|(_, _, account)| *account).collect();
    let deltas: Vec<i64> = shares.values().copied().collect();
    let sql = concat!(
        "INSERT INTO tollgate.shares (counter, instance, account, posted, stranded, ceiling, died)
         SELECT counter, instance, account, delta, 0, 0, false
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS u (counter, instance, account, delta, place)
         ORDER BY place ON CONFLICT (counter, instance, account) DO UPDATE SET posted = ",
        super::usage::sum!("shares.posted", "excluded.posted")
    );
    session.execute(sql, &[&counters, &instances, &accounts, &deltas]).await?;
    Ok(())
}
