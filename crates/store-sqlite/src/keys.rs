//! The registry in SQL: keys and teams whole, one generation a change.

mod rows;

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_model::{CredentialHash, KeyId, Pepper, Timestamp};
use tollgate_registry::{Applied, Changes, Edit, Loaded, Whole};

use crate::column::{count, counted};
use crate::failure::Failure;

/// Everything; the pepper given becomes the store's if it has none.
pub(crate) fn load(conn: &Connection, fresh: &Pepper) -> Result<Loaded, Failure> {
    let sql = "UPDATE meta SET pepper = coalesce(pepper, ?) RETURNING pepper";
    let pepper = conn.query_row(sql, [fresh.expose()], |row| row.get(0).map(Pepper::new))?;
    let Changes { generation, keys, teams } = changes_after(conn, -1)?;
    Ok(Loaded { pepper, generation, keys, teams })
}

/// The first mark that was ever given.
pub(crate) fn mark(conn: &Connection, mark: CredentialHash) -> Result<CredentialHash, Failure> {
    let sql = "UPDATE meta SET mark = coalesce(mark, ?) RETURNING mark";
    Ok(conn.query_row(sql, [mark.as_bytes()], |row| row.get(0).map(CredentialHash::from_bytes))?)
}

/// Makes one change, if the store is at the generation it was made for.
pub(crate) fn apply(conn: &Connection, expected: u64, edit: &Edit) -> Result<Applied, Failure> {
    let sql = "UPDATE meta SET generation = generation + 1 WHERE generation = ? RETURNING generation";
    let raised: Option<i64> = conn.query_row(sql, [count(expected)], |row| row.get(0)).optional()?;
    let Some(generation) = raised else { return Ok(Applied::Stale) };
    match edit {
        Edit::Key(record) => rows::put_key(conn, record, generation)?,
        Edit::Team(record) => rows::put_team(conn, record, generation)?,
    }
    Ok(Applied::Done)
}

/// What was changed after a generation.
pub(crate) fn changes(conn: &Connection, since: u64) -> Result<Changes, Failure> {
    changes_after(conn, count(since))
}

fn changes_after(conn: &Connection, since: i64) -> Result<Changes, Failure> {
    let generation = conn.prepare_cached("SELECT generation FROM meta")?.query_row([], |row| row.get(0).map(counted))?;
    Ok(Changes { generation, keys: rows::keys(conn, since)?, teams: rows::teams(conn, since)? })
}

/// Everything, with nothing made.
pub(crate) fn whole(conn: &Connection) -> Result<Whole, Failure> {
    let (pepper, mark) =
        conn.query_row("SELECT pepper, mark FROM meta", [], |row| Ok((row.get::<_, Option<_>>(0)?, row.get::<_, Option<_>>(1)?)))?;
    let Changes { generation, keys, teams } = changes_after(conn, -1)?;
    Ok(Whole { pepper: pepper.map(Pepper::new), mark: mark.map(CredentialHash::from_bytes), generation, keys, teams })
}

/// Notes when keys were last used; never earlier than known.
pub(crate) fn used(conn: &Connection, uses: &[(KeyId, Timestamp)]) -> Result<(), Failure> {
    let mut note = conn.prepare_cached("UPDATE keys SET last_used = ?2 WHERE id = ?1 AND last_used < ?2")?;
    for (id, at) in uses {
        note.execute(params![id.as_bytes(), at.millis()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
