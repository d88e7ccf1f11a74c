//! How does another store's book come into an empty one? Row by row as it stands there, in the name of the gate that goes on with it.

use tollgate_books::HoldRow;
use tollgate_books::stock::{CounterRow, DayRow, MinuteRow, Opening, ShareRow, Stock};
use tollgate_model::RequestId;

use super::hold::Holds;
use crate::column::{count, unit_word};
use crate::copy::source;
use crate::failure::Failure;
use crate::session::Session;

/// Rows that one statement writes.
const MANY: usize = 2_000;

/// Writes everything; what the opener of that book had is this instance's.
pub(crate) async fn fill(session: &Session, instance: &str, opening: &Opening, stock: &mut dyn Stock) -> Result<(), Failure> {
    begin(session, instance, opening).await?;
    let mut behind: Option<RequestId> = None;
    loop {
        let some: Vec<HoldRow> = stock.holds(behind, MANY).map_err(source)?;
        let Some(last) = some.last() else { break };
        behind = Some(last.request);
        Holds::all_new(some, instance).write(session).await?;
    }
    let named = |share: &ShareRow| if share.instance == opening.instance { instance.to_owned() } else { share.instance.clone() };
    for some in stock.counters().map_err(source)?.chunks(MANY) {
        counters(session, some).await?;
        let shares: Vec<(&CounterRow, &ShareRow)> =
            some.iter().flat_map(|counter| counter.shares.iter().map(move |share| (counter, share))).collect();
        for some in shares.chunks(MANY) {
            let instances: Vec<String> = some.iter().map(|(_, share)| named(share)).collect();
            put_shares(session, some, &instances).await?;
        }
    }
    for some in stock.days().map_err(source)?.chunks(MANY) {
        days(session, instance, some).await?;
    }
    for some in stock.minutes().map_err(source)?.chunks(MANY) {
        minutes(session, some).await?;
    }
    Ok(())
}

/// The gate as it was when it was stopped: no opening of it may write, and its journal goes on where it was.
async fn begin(session: &Session, instance: &str, opening: &Opening) -> Result<(), Failure> {
    let sql = "INSERT INTO tollgate.instances (name, boot, fence, number, seen) VALUES ($1, $2, 0, 0, clock_timestamp())";
    session.execute(sql, &[&instance, &opening.boot]).await?;
    let (lanes, numbers): (Vec<&str>, Vec<i64>) = opening.lanes.iter().map(|(lane, upto)| (lane.as_str(), count(*upto))).unzip();
    let sql =
        "INSERT INTO tollgate.lanes (instance, name, upto) SELECT $1, name, upto FROM unnest($2::text[], $3::bigint[]) AS l (name, upto)";
    session.execute(sql, &[&instance, &lanes, &numbers]).await?;
    Ok(())
}

async fn counters(session: &Session, some: &[CounterRow]) -> Result<(), Failure> {
    let scopes: Vec<&str> = some.iter().map(|counter| counter.scope.as_str()).collect();
    let units: Vec<&str> = some.iter().map(|counter| unit_word(counter.unit)).collect();
    let periods: Vec<&str> = some.iter().map(|counter| counter.period.as_str()).collect();
    let zones: Vec<&str> = some.iter().map(|counter| counter.zone.as_str()).collect();
    let starts: Vec<i64> = some.iter().map(|counter| counter.starts).collect();
    let ends: Vec<i64> = some.iter().map(|counter| counter.ends).collect();
    let sql = "INSERT INTO tollgate.counters (scope, unit, period, zone, starts, ends)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])";
    session.execute(sql, &[&scopes, &units, &periods, &zones, &starts, &ends]).await?;
    Ok(())
}

async fn put_shares(session: &Session, some: &[(&CounterRow, &ShareRow)], instances: &[String]) -> Result<(), Failure> {
    let scopes: Vec<&str> = some.iter().map(|(counter, _)| counter.scope.as_str()).collect();
    let units: Vec<&str> = some.iter().map(|(counter, _)| unit_word(counter.unit)).collect();
    let periods: Vec<&str> = some.iter().map(|(counter, _)| counter.period.as_str()).collect();
    let zones: Vec<&str> = some.iter().map(|(counter, _)| counter.zone.as_str()).collect();
    let starts: Vec<i64> = some.iter().map(|(counter, _)| counter.starts).collect();
    let ends: Vec<i64> = some.iter().map(|(counter, _)| counter.ends).collect();
    let accounts: Vec<&str> = some.iter().map(|(_, share)| share.account.as_str()).collect();
    let posted: Vec<i64> = some.iter().map(|(_, share)| share.posted).collect();
    let stranded: Vec<i64> = some.iter().map(|(_, share)| share.stranded).collect();
    let ceilings: Vec<i64> = some.iter().map(|(_, share)| share.ceiling).collect();
    let died: Vec<bool> = some.iter().map(|(_, share)| share.died).collect();
    let sql = "INSERT INTO tollgate.shares (counter, instance, account, posted, stranded, ceiling, died)
               SELECT c.id, u.instance, u.account, u.posted, u.stranded, u.ceiling, u.died
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::bigint[],
               $10::bigint[], $11::bigint[], $12::bool[])
               AS u (scope, unit, period, zone, starts, ends, instance, account, posted, stranded, ceiling, died) JOIN tollgate.counters c
               ON (c.scope, c.unit, c.period, c.zone, c.starts, c.ends) = (u.scope, u.unit, u.period, u.zone, u.starts, u.ends)";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 12] =
        [&scopes, &units, &periods, &zones, &starts, &ends, &instances, &accounts, &posted, &stranded, &ceilings, &died];
    session.execute(sql, &values).await?;
    Ok(())
}

async fn days(session: &Session, instance: &str, some: &[DayRow]) -> Result<(), Failure> {
    let text = |of: fn(&DayRow) -> &str| some.iter().map(of).collect::<Vec<&str>>();
    let number = |of: fn(&DayRow) -> i64| some.iter().map(of).collect::<Vec<i64>>();
    let keys: Vec<&[u8]> = some.iter().map(|day| day.key.as_bytes().as_slice()).collect();
    let firsts: Vec<&[u8]> = some.iter().map(|day| day.first.as_bytes().as_slice()).collect();
    let (upstreams, methods) = (text(|day| &day.upstream), text(|day| &day.method));
    let (days, teams) = (text(|day| &day.day), text(|day| &day.team));
    let (tasks, settled, held) = (number(|day| day.tasks), number(|day| day.settled), number(|day| day.held));
    let (unknown, excess, busy) = (number(|day| day.unknown), number(|day| day.excess), number(|day| day.busy));
    let sql = "INSERT INTO tollgate.usage (key, upstream, method, day, team, instance, first, tasks, settled, held, unknown, excess, busy)
               SELECT key, upstream, method, day, team, $13, first, tasks, settled, held, unknown, excess, busy
               FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[],
               $10::bigint[], $11::bigint[], $12::bigint[])
               AS u (key, upstream, method, day, team, first, tasks, settled, held, unknown, excess, busy)";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 13] =
        [&keys, &upstreams, &methods, &days, &teams, &firsts, &tasks, &settled, &held, &unknown, &excess, &busy, &instance];
    session.execute(sql, &values).await?;
    Ok(())
}

async fn minutes(session: &Session, some: &[MinuteRow]) -> Result<(), Failure> {
    let scopes: Vec<&str> = some.iter().map(|row| row.scope.as_str()).collect();
    let minutes: Vec<i64> = some.iter().map(|row| row.minute).collect();
    let tasks: Vec<i64> = some.iter().map(|row| row.tasks).collect();
    let money: Vec<i64> = some.iter().map(|row| row.money).collect();
    let sql = "INSERT INTO tollgate.minutes (scope, minute, tasks, money)
               SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])";
    session.execute(sql, &[&scopes, &minutes, &tasks, &money]).await?;
    Ok(())
}
