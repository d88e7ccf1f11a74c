//! The registry in SQL: keys and teams whole, one generation a change.

mod rows;

use tollgate_model::{CredentialHash, KeyId, Pepper, Timestamp};
use tollgate_registry::{Applied, Changes, Edit, KeyRow, Loaded, Whole};

use crate::bell;
use crate::column::{self, bytes, count, counted};
use crate::failure::Failure;
use crate::session::Session;

const NO_META: Failure = Failure::Unreadable { what: "store" };

/// Everything; the pepper given becomes the store's if it has none.
pub(crate) async fn load(session: &mut Session, fresh: Pepper) -> Result<Loaded, Failure> {
    let pepper = session.transaction(async |session| {
        let sql = "UPDATE tollgate.meta SET pepper = coalesce(pepper, $1) RETURNING pepper";
        let row = session.row(sql, &[&fresh.expose().as_slice()]).await?.ok_or(NO_META)?;
        bytes(&row, 0, "pepper").map(Pepper::new)
    });
    let pepper = pepper.await?;
    let Changes { generation, keys, teams } = changes_after(session, -1).await?;
    Ok(Loaded { pepper, generation, keys, teams })
}

/// The first mark that was ever given.
pub(crate) async fn mark(session: &mut Session, mark: CredentialHash) -> Result<CredentialHash, Failure> {
    let marked = session.transaction(async |session| {
        let sql = "UPDATE tollgate.meta SET mark = coalesce(mark, $1) RETURNING mark";
        let row = session.row(sql, &[&mark.as_bytes().as_slice()]).await?.ok_or(NO_META)?;
        bytes(&row, 0, "pepper's mark").map(CredentialHash::from_bytes)
    });
    marked.await
}

/// Makes one change, if the store is at the generation it was made for.
pub(crate) async fn apply(session: &mut Session, expected: u64, edit: Edit) -> Result<Applied, Failure> {
    let applied = session.transaction(async |session| {
        // told with the commit, to every gate that listens
        let sql = concat!(
            "WITH raised AS (UPDATE tollgate.meta SET generation = generation + 1 WHERE generation = $1 RETURNING generation)
             SELECT generation, pg_notify('",
            bell::channel!(),
            "', generation::text)::text FROM raised"
        );
        let Some(raised) = session.row(sql, &[&count(expected)]).await? else { return Ok(Applied::Stale) };
        let generation: i64 = column::plain(&raised, 0)?;
        match &edit {
            Edit::Key(record) => rows::put_key(session, record, generation).await?,
            Edit::Team(record) => rows::put_team(session, record, generation).await?,
        }
        Ok(Applied::Done)
    });
    applied.await
}

/// What was changed after a generation.
pub(crate) async fn changes(session: &mut Session, since: u64) -> Result<Changes, Failure> {
    changes_after(session, count(since)).await
}

async fn changes_after(session: &mut Session, since: i64) -> Result<Changes, Failure> {
    let told = session.snapshot(async |session| {
        let row = session.row("SELECT generation FROM tollgate.meta", &[]).await?.ok_or(NO_META)?;
        let generation = column::plain(&row, 0).map(counted)?;
        if count(generation) <= since {
            return Ok(Changes { generation, ..Changes::default() });
        }
        Ok(Changes { generation, keys: rows::keys(session, since).await?, teams: rows::teams(session, since).await? })
    });
    told.await
}

/// Everything of another store's, into an empty one; in the caller's transaction.
pub(crate) async fn fill(session: &Session, whole: &Whole) -> Result<(), Failure> {
    for team in &whole.teams {
        rows::put_team(session, team, count(team.version)).await?;
    }
    for KeyRow { record, .. } in &whole.keys {
        rows::put_key(session, record, count(record.version)).await?;
    }
    note(session, whole.keys.iter().map(|row| (row.record.id, row.last_used))).await?;
    let (pepper, mark) =
        (whole.pepper.as_ref().map(|pepper| pepper.expose().as_slice()), whole.mark.as_ref().map(|mark| mark.as_bytes().as_slice()));
    session
        .execute("UPDATE tollgate.meta SET generation = $1, pepper = $2, mark = $3", &[&count(whole.generation), &pepper, &mark])
        .await?;
    Ok(())
}

/// Notes when keys were last used; never earlier than known.
pub(crate) async fn used(session: &mut Session, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Failure> {
    session.transaction(async |session| note(session, uses.into_iter()).await).await
}

async fn note(session: &Session, uses: impl Iterator<Item = (KeyId, Timestamp)>) -> Result<(), Failure> {
    let (ids, instants): (Vec<KeyId>, Vec<i64>) = uses.map(|(id, at)| (id, at.millis())).unzip();
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    // in one order for all gates, so that none waits for another in a circle
    let sql = "WITH uses AS (SELECT id, max(at) AS at FROM unnest($1::bytea[], $2::bigint[]) AS u (id, at) GROUP BY id),
               found AS (SELECT k.id, uses.at FROM tollgate.keys k JOIN uses ON uses.id = k.id WHERE k.last_used < uses.at
                         ORDER BY k.id FOR NO KEY UPDATE OF k)
               UPDATE tollgate.keys k SET last_used = greatest(k.last_used, found.at) FROM found WHERE found.id = k.id";
    session.execute(sql, &[&ids, &instants]).await.map(|_| ())
}

#[cfg(test)]
mod tests;
