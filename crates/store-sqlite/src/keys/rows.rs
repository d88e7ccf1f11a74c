//! How do a key and a team stand in their tables? Their terms as the JSON of the admin API, all else in columns.

use rusqlite::{Connection, Row, params};
use tollgate_model::{CredentialHash, KeyId, Name, Timestamp};
use tollgate_registry::{KeyRecord, KeyRow, Pause, StoredSecret, TeamRecord};

use crate::column::{Bare, Parsed, counted};
use crate::failure::Failure;

/// Writes a key in place of the one with its id; its last use stays. A name or secret of another key breaks a constraint.
pub(super) fn put_key(conn: &Connection, record: &KeyRecord, generation: i64) -> Result<(), Failure> {
    let sql = "INSERT INTO keys (id, name, upstream, terms, paused_at, paused_reason, revoked, created, last_used, version)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9) ON CONFLICT (id) DO UPDATE SET name = ?2, upstream = ?3, terms = ?4,
               paused_at = ?5, paused_reason = ?6, revoked = ?7, created = ?8, version = ?9";
    let (paused_at, paused_reason) = split(record.paused.as_ref());
    conn.prepare_cached(sql)?.execute(params![
        record.id.as_bytes(),
        record.name.as_str(),
        record.upstream.as_str(),
        serde_json::to_string(&record.terms)?,
        paused_at,
        paused_reason,
        record.revoked.map(Timestamp::millis),
        record.created.millis(),
        generation,
    ])?;
    conn.prepare_cached("DELETE FROM secrets WHERE key = ?")?.execute([record.id.as_bytes()])?;
    let mut insert = conn.prepare_cached("INSERT INTO secrets (hash, key, place, hint, created, expires) VALUES (?, ?, ?, ?, ?, ?)")?;
    for (place, secret) in (0_i64..).zip(&record.secrets) {
        let expires = secret.expires.map(Timestamp::millis);
        insert.execute(params![secret.hash.as_bytes(), record.id.as_bytes(), place, secret.hint, secret.created.millis(), expires])?;
    }
    Ok(())
}

/// Writes a team in place of the one with its name.
pub(super) fn put_team(conn: &Connection, record: &TeamRecord, generation: i64) -> Result<(), Failure> {
    let sql = "INSERT INTO teams (name, terms, paused_at, paused_reason, created, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (name) DO UPDATE SET terms = ?2, paused_at = ?3, paused_reason = ?4, created = ?5, version = ?6";
    let (paused_at, paused_reason) = split(record.paused.as_ref());
    let terms = serde_json::to_string(&record.terms)?;
    let values = params![record.name.as_str(), terms, paused_at, paused_reason, record.created.millis(), generation];
    conn.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Keys of a later version than this, by id.
pub(super) fn keys(conn: &Connection, since: i64) -> Result<Vec<KeyRow>, Failure> {
    let sql = "SELECT paused_at, paused_reason, id, name, upstream, terms, revoked, created, last_used, version FROM keys
               WHERE version > ? ORDER BY id";
    let mut rows = conn.prepare_cached(sql)?;
    let mut found = rows.query([since])?;
    let mut keys = Vec::new();
    while let Some(row) = found.next()? {
        keys.push(key(conn, row)?);
    }
    Ok(keys)
}

fn key(conn: &Connection, row: &Row<'_>) -> Result<KeyRow, Failure> {
    let id: KeyId = row.get::<_, Bare<_>>(2)?.0;
    let name: Name = row.get::<_, Parsed<_>>(3)?.0;
    let record = KeyRecord {
        id,
        name,
        upstream: row.get::<_, Parsed<_>>(4)?.0,
        terms: serde_json::from_str(row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?)?,
        secrets: secrets(conn, id)?,
        paused: pause(row)?,
        revoked: row.get::<_, Option<Bare<_>>>(6)?.map(|at| at.0),
        created: row.get::<_, Bare<_>>(7)?.0,
        version: counted(row.get(9)?),
    };
    Ok(KeyRow { record, last_used: row.get::<_, Bare<_>>(8)?.0 })
}

fn secrets(conn: &Connection, key: KeyId) -> Result<Vec<StoredSecret>, Failure> {
    let mut rows = conn.prepare_cached("SELECT hash, hint, created, expires FROM secrets WHERE key = ? ORDER BY place")?;
    let secrets = rows.query_map([key.as_bytes()], |row| {
        Ok(StoredSecret {
            hash: CredentialHash::from_bytes(row.get(0)?),
            hint: row.get(1)?,
            created: row.get::<_, Bare<_>>(2)?.0,
            expires: row.get::<_, Option<Bare<_>>>(3)?.map(|at| at.0),
        })
    })?;
    Ok(secrets.collect::<Result<_, _>>()?)
}

/// Teams of a later version than this, by name.
pub(super) fn teams(conn: &Connection, since: i64) -> Result<Vec<TeamRecord>, Failure> {
    let sql = "SELECT paused_at, paused_reason, name, terms, created, version FROM teams WHERE version > ? ORDER BY name";
    let mut rows = conn.prepare_cached(sql)?;
    let mut found = rows.query([since])?;
    let mut teams = Vec::new();
    while let Some(row) = found.next()? {
        teams.push(TeamRecord {
            name: row.get::<_, Parsed<_>>(2)?.0,
            terms: serde_json::from_str(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?,
            paused: pause(row)?,
            created: row.get::<_, Bare<_>>(4)?.0,
            version: counted(row.get(5)?),
        });
    }
    Ok(teams)
}

fn split(pause: Option<&Pause>) -> (Option<i64>, Option<&str>) {
    (pause.map(|pause| pause.at.millis()), pause.map(|pause| pause.reason.as_str()))
}

/// The pause in the first two columns.
fn pause(row: &Row<'_>) -> Result<Option<Pause>, Failure> {
    let at: Option<Bare<Timestamp>> = row.get(0)?;
    let reason: Option<String> = row.get(1)?;
    Ok(at.zip(reason).map(|(at, reason)| Pause { at: at.0, reason }))
}
