//! How do a key and a team stand in their tables? Their terms as the JSON of the admin API, all else in columns.

use std::collections::HashMap;

use tokio_postgres::Row;
use tollgate_model::{CredentialHash, KeyId, Timestamp};
use tollgate_registry::{KeyRecord, KeyRow, Pause, StoredSecret, TeamRecord};

use crate::column::{bytes, counted, instant, instant_if_any, key, parsed, plain};
use crate::failure::Failure;
use crate::session::Session;

/// Writes a key in place of the one with its id; its last use stays. A name or secret of another key breaks a constraint.
pub(super) async fn put_key(session: &Session, record: &KeyRecord, generation: i64) -> Result<(), Failure> {
    let sql = "INSERT INTO tollgate.keys (id, name, upstream, terms, paused_at, paused_reason, revoked, created, last_used, version)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) ON CONFLICT (id) DO UPDATE SET name = $2, upstream = $3, terms = $4,
               paused_at = $5, paused_reason = $6, revoked = $7, created = $8, version = $9";
    let id = record.id.as_bytes().as_slice();
    let (paused_at, paused_reason) = split(record.paused.as_ref());
    let terms = serde_json::to_string(&record.terms)?;
    let (revoked, created) = (record.revoked.map(Timestamp::millis), record.created.millis());
    let (name, upstream) = (record.name.as_str(), record.upstream.as_str());
    session.execute(sql, &[&id, &name, &upstream, &terms, &paused_at, &paused_reason, &revoked, &created, &generation]).await?;
    session.execute("DELETE FROM tollgate.secrets WHERE key = $1", &[&id]).await?;
    let hashes: Vec<&[u8]> = record.secrets.iter().map(|secret| secret.hash.as_bytes().as_slice()).collect();
    let hints: Vec<&str> = record.secrets.iter().map(|secret| secret.hint.as_str()).collect();
    let made: Vec<i64> = record.secrets.iter().map(|secret| secret.created.millis()).collect();
    let expire: Vec<Option<i64>> = record.secrets.iter().map(|secret| secret.expires.map(Timestamp::millis)).collect();
    let sql = "INSERT INTO tollgate.secrets (hash, key, place, hint, created, expires)
               SELECT hash, $1, place, hint, created, expires
               FROM unnest($2::bytea[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS s (hash, hint, created, expires, place)";
    session.execute(sql, &[&id, &hashes, &hints, &made, &expire]).await?;
    Ok(())
}

/// Writes a team in place of the one with its name.
pub(super) async fn put_team(session: &Session, record: &TeamRecord, generation: i64) -> Result<(), Failure> {
    let sql = "INSERT INTO tollgate.teams (name, terms, paused_at, paused_reason, created, version) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (name) DO UPDATE SET terms = $2, paused_at = $3, paused_reason = $4, created = $5, version = $6";
    let (paused_at, paused_reason) = split(record.paused.as_ref());
    let terms = serde_json::to_string(&record.terms)?;
    session.execute(sql, &[&record.name.as_str(), &terms, &paused_at, &paused_reason, &record.created.millis(), &generation]).await?;
    Ok(())
}

/// Keys of a later version than this, by id.
pub(super) async fn keys(session: &Session, since: i64) -> Result<Vec<KeyRow>, Failure> {
    let mut secrets = secrets(session, since).await?;
    let sql = "SELECT paused_at, paused_reason, id, name, upstream, terms, revoked, created, last_used, version FROM tollgate.keys
               WHERE version > $1 ORDER BY id";
    session.query(sql, &[&since]).await?.iter().map(|row| read_key(row, &mut secrets)).collect()
}

fn read_key(row: &Row, secrets: &mut HashMap<KeyId, Vec<StoredSecret>>) -> Result<KeyRow, Failure> {
    let id = key(row, 2)?;
    let record = KeyRecord {
        id,
        name: parsed(row, 3, "key's name")?,
        upstream: parsed(row, 4, "upstream's name")?,
        terms: serde_json::from_str(plain(row, 5)?)?,
        secrets: secrets.remove(&id).unwrap_or_default(),
        paused: pause(row)?,
        revoked: instant_if_any(row, 6)?,
        created: instant(row, 7)?,
        version: counted(plain(row, 9)?),
    };
    Ok(KeyRow { record, last_used: instant(row, 8)? })
}

/// The secrets of all keys of a later version than this, oldest first.
async fn secrets(session: &Session, since: i64) -> Result<HashMap<KeyId, Vec<StoredSecret>>, Failure> {
    let sql = "SELECT s.key, s.hash, s.hint, s.created, s.expires FROM tollgate.secrets s JOIN tollgate.keys k ON k.id = s.key
               WHERE k.version > $1 ORDER BY s.key, s.place";
    let mut secrets: HashMap<KeyId, Vec<StoredSecret>> = HashMap::new();
    for row in session.query(sql, &[&since]).await? {
        let secret = StoredSecret {
            hash: bytes(&row, 1, "secret's hash").map(CredentialHash::from_bytes)?,
            hint: plain(&row, 2)?,
            created: instant(&row, 3)?,
            expires: instant_if_any(&row, 4)?,
        };
        secrets.entry(key(&row, 0)?).or_default().push(secret);
    }
    Ok(secrets)
}

/// Teams of a later version than this, by name.
pub(super) async fn teams(session: &Session, since: i64) -> Result<Vec<TeamRecord>, Failure> {
    let sql = "SELECT paused_at, paused_reason, name, terms, created, version FROM tollgate.teams
               WHERE version > $1 ORDER BY name COLLATE \"C\"";
    session.query(sql, &[&since]).await?.iter().map(read_team).collect()
}

fn read_team(row: &Row) -> Result<TeamRecord, Failure> {
    Ok(TeamRecord {
        name: parsed(row, 2, "team's name")?,
        terms: serde_json::from_str(plain(row, 3)?)?,
        paused: pause(row)?,
        created: instant(row, 4)?,
        version: counted(plain(row, 5)?),
    })
}

fn split(pause: Option<&Pause>) -> (Option<i64>, Option<&str>) {
    (pause.map(|pause| pause.at.millis()), pause.map(|pause| pause.reason.as_str()))
}

/// The pause in the first two columns.
fn pause(row: &Row) -> Result<Option<Pause>, Failure> {
    let reason: Option<String> = plain(row, 1)?;
    Ok(instant_if_any(row, 0)?.zip(reason).map(|(at, reason)| Pause { at, reason }))
}
