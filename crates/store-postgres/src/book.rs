//! The book in SQL: what the reference in memory does, for several instances at once, each call one transaction.
//!
//! Locks are taken in one order by every gate: the opening, the making of counters, holds, counters, shares, sums.

mod adopt;
mod counter;
mod give;
mod hold;
mod lease;
mod passed;
mod post;
mod prune;
mod seed;
mod tally;
mod usage;
mod whole;

use std::collections::HashMap;

use tollgate_books::{Fence, HoldRow, Opened};
use tollgate_model::{Name, RequestId, TaskId};

use crate::column::{counted, plain};
use crate::epoch::{self, Lag, Memory, Recalled, Standing};
use crate::failure::Failure;
use crate::session::Session;

pub(crate) use adopt::adopt;
pub(crate) use lease::lease;
pub(crate) use post::{Post, post};
pub(crate) use usage::{spent, usage};
pub(crate) use whole::fill;

/// Opens the book for an instance; every earlier opening of that instance is void from now on.
pub(crate) async fn open(
    session: &mut Session,
    memory: &Memory,
    instance: &str,
    boot: &str,
    journal_whole: bool,
) -> Result<Opened, Failure> {
    let opened = written(session, memory, async |session| {
        let fence = session.row("UPDATE tollgate.meta SET fence = fence + 1 RETURNING fence", &[]).await?;
        let fence: i64 = plain(&fence.ok_or(Failure::Unreadable { what: "store" })?, 0)?;
        is_known(session, &memory.recall(), instance).await?;
        // waits for the end of what an earlier opening has begun to write
        let sql = "SELECT boot FROM tollgate.instances WHERE name = $1 FOR UPDATE";
        let before = session.row(sql, &[&instance]).await?.map(|row| plain::<String>(&row, 0)).transpose()?;
        let sql = "INSERT INTO tollgate.instances (name, boot, fence, number, seen, present)
                   VALUES ($1, $2, $3, 0, clock_timestamp(), clock_timestamp())
                   ON CONFLICT (name) DO UPDATE SET boot = $2, fence = $3, present = clock_timestamp()";
        session.execute(sql, &[&instance, &boot, &fence]).await?;
        // a gate of this name without what the last one remembered: that one may be at work elsewhere, and its slices with it
        let machine_died = !journal_whole || before.is_some_and(|before| before != boot || memory.is_strangers());
        if machine_died {
            let sql = "UPDATE tollgate.shares s SET died = true FROM (SELECT counter, account FROM tollgate.shares WHERE instance = $1
                       ORDER BY counter, account FOR NO KEY UPDATE) own WHERE (s.counter, s.instance, s.account) = (own.counter, $1, own.account)";
            session.execute(sql, &[&instance]).await?;
        } else {
            passed::release(session, instance).await?;
        }
        let replay_from = lanes(session, instance).await?;
        Ok((instance.to_owned(), Opened { fence: Fence(counted(fence)), replay_from, machine_died }))
    });
    let opened = opened.await?;
    memory.belongs();
    Ok(opened)
}

/// A gate that remembers nothing joins a new book, or one where another gate is at work that remembers.
async fn is_known(session: &Session, recalled: &Recalled, instance: &str) -> Result<(), Failure> {
    if !recalled.is_blank() {
        return Ok(());
    }
    let sql = "SELECT NOT EXISTS (SELECT FROM tollgate.instances) OR EXISTS (SELECT FROM tollgate.instances
               WHERE name <> $1 AND fence > 0 AND seen > clock_timestamp() - interval '10 s')";
    let row = session.row(sql, &[&instance]).await?.ok_or(Failure::Unreadable { what: "store" })?;
    if plain(&row, 0)? { Ok(()) } else { Err(Lag::Unseen.into()) }
}

/// How far each lane's lines of an instance are in.
pub(crate) async fn lanes(session: &Session, instance: &str) -> Result<HashMap<String, u64>, Failure> {
    let rows = session.query("SELECT name, upto FROM tollgate.lanes WHERE instance = $1", &[&instance]).await?;
    rows.iter().map(|row| Ok((plain(row, 0)?, counted(plain(row, 1)?)))).collect()
}

/// One transaction that writes the book, for whoever `work` says: refused if the book is behind what was seen of it, counted, and
/// remembered when it is done.
pub(crate) async fn written<T>(
    session: &mut Session,
    memory: &Memory,
    work: impl AsyncFnOnce(&Session) -> Result<(String, T), Failure>,
) -> Result<T, Failure> {
    epoch::arrive(session).await?;
    let done = session.transaction(async |session| {
        let recalled = memory.recall();
        let mut standing = Standing::ask(session).await?;
        recalled.check(&standing)?;
        let (instance, done) = work(session).await?;
        // last: until the commit, whoever else writes for this instance waits here
        let sql = "UPDATE tollgate.instances SET number = number + 1, seen = clock_timestamp() WHERE name = $1 RETURNING number";
        let number = session.row(sql, &[&instance]).await?.ok_or(Failure::Fenced)?;
        standing.numbers.insert(instance, plain(&number, 0)?);
        Ok((standing, done))
    });
    match done.await {
        Ok((standing, done)) => {
            memory.learn(&standing);
            Ok(done)
        }
        Err(Failure::Behind(lag)) => {
            tracing::error!(reason = %lag, "the book is behind what was seen of it: no paid call until an operator accepts it");
            epoch::denounce(session, &lag).await?;
            Err(lag.into())
        }
        Err(failure) => Err(failure),
    }
}

/// Whose opening this is, if it is the last of its instance; no later one is made until this transaction ends.
async fn opener(session: &Session, fence: Fence) -> Result<String, Failure> {
    let sql = "SELECT name FROM tollgate.instances WHERE fence = $1 AND fence > 0 FOR KEY SHARE";
    let row = session.row(sql, &[&crate::column::count(fence.0)]).await?.ok_or(Failure::Fenced)?;
    plain(&row, 0)
}

/// The newest hold of an account that owns this task, whoever took it; ids are made in the order of time.
pub(crate) async fn owner(session: &Session, upstream: &Name, task: TaskId) -> Result<Option<HoldRow>, Failure> {
    let sql = concat!(hold::select!(), " WHERE upstream = $1 AND task = $2 ORDER BY request DESC LIMIT 1");
    session.row(sql, &[&upstream.as_str(), &task.as_str()]).await?.map(|row| hold::read(&row)).transpose()
}

/// Holds that are open or unknown, oldest first, so many at most, behind this one: an instance's own that no other gate has taken over,
/// else all.
pub(crate) async fn unsettled(
    session: &Session,
    instance: Option<&str>,
    behind: Option<RequestId>,
    most: usize,
) -> Result<Vec<HoldRow>, Failure> {
    let sql = concat!(
        hold::select!(),
        " WHERE state IN ('open', 'unknown') AND (instance = $1 AND adopter IS NULL OR $1 IS NULL) AND request > $2 ORDER BY request LIMIT $3"
    );
    // an id is never empty: every one lies behind nothing
    let behind = behind.as_ref().map_or(&[] as &[u8], |behind| behind.as_bytes());
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    session.query(sql, &[&instance, &behind, &most]).await?.iter().map(hold::read).collect()
}

#[cfg(test)]
mod tests;
