//! May this server and this schema be used? Asked at every connection, for a server may be another than it was.

use super::error::{OLDEST, database};
use super::{OpenError, Place};
use crate::session::Session;

/// What the schema in the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none.
    Nothing,
    /// An empty one, made for us.
    Empty,
    /// Ours, with so many steps taken.
    Ours(i32),
    /// Another program's.
    Foreign,
}

/// Judges what does not depend on the schema: age, role, durability, encoding.
pub(super) async fn server(session: &Session, place: &Place) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
               pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
               current_setting('fsync')::bool, current_setting('server_encoding')";
    let told = session.client().query_one(sql, &[]).await.map_err(OpenError::postgres(place.name()))?;
    let name = || place.name().to_owned();
    recent_enough(place.name(), told.get(0), told.get(1))?;
    if told.get(2) {
        return Err(OpenError::Replica { place: name() });
    }
    let (durable, encoding): (bool, String) = (told.get(3), told.get(4));
    if !durable {
        return Err(OpenError::NotDurable { place: name() });
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { place: name(), found: encoding });
    }
    Ok(())
}

fn recent_enough(place: &str, major: i32, version: &str) -> Result<(), OpenError> {
    let oldest = i32::try_from(OLDEST).unwrap_or(i32::MAX);
    if major >= oldest { Ok(()) } else { Err(OpenError::OldServer { place: place.to_owned(), found: version.to_owned() }) }
}

/// Looks at the schema without touching it.
pub(super) async fn schema(session: &Session, place: &Place) -> Result<Found, OpenError> {
    let failed = OpenError::postgres(place.name());
    // asked in the catalogue: it may be looked at without any right to the schema
    let sql = "SELECT (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid),
               (SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = n.oid
                AND c.relname = 'meta' AND c.relkind = 'r' AND a.attname IN ('program', 'schema') AND NOT a.attisdropped),
               has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n WHERE n.nspname = 'tollgate'";
    let Some(row) = session.client().query_opt(sql, &[]).await.map_err(&failed)? else { return Ok(Found::Nothing) };
    let (tables, ours, usable): (i64, i64, bool) = (row.get(0), row.get(1), row.get(2));
    if tables == 0 {
        return Ok(Found::Empty);
    }
    if ours != 2 {
        return Ok(Found::Foreign);
    }
    if !usable {
        return Err(lacks(place, "use the schema `tollgate`", "USAGE ON SCHEMA tollgate".to_owned()));
    }
    let sql = "SELECT has_table_privilege('tollgate.meta', 'SELECT')";
    let readable: bool = session.client().query_one(sql, &[]).await.map_err(&failed)?.get(0);
    if !readable {
        return Err(lacks(place, "read the schema `tollgate`", ALL.to_owned()));
    }
    let meta = session.client().query_opt("SELECT program::text, schema::text FROM tollgate.meta", &[]).await.map_err(&failed)?;
    let number = meta.filter(|row| row.get::<_, &str>(0) == "TGBK").and_then(|row| row.get::<_, &str>(1).parse().ok());
    Ok(number.map_or(Found::Foreign, Found::Ours))
}

/// What the gate's role needs when somebody else owns the tables.
const ALL: &str = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tollgate";

/// Whether the role may do in every table what the store does there.
pub(super) async fn rights(session: &Session, place: &Place) -> Result<(), OpenError> {
    let sql = "SELECT coalesce(bool_and(has_table_privilege(c.oid, r)), false) FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE',
               'DELETE']) r WHERE c.relkind = 'r' AND c.relnamespace = 'tollgate'::regnamespace";
    let told = session.client().query_one(sql, &[]).await.map_err(OpenError::postgres(place.name()))?;
    if told.get(0) { Ok(()) } else { Err(lacks(place, "write the tables of the schema `tollgate`", ALL.to_owned())) }
}

/// Whether the role may take a migration's steps from here.
pub(super) async fn may_migrate(session: &Session, place: &Place, found: Found) -> Result<(), OpenError> {
    let failed = OpenError::postgres(place.name());
    let ask = async |sql: &str| session.client().query_one(sql, &[]).await.map(|row| row.get::<_, bool>(0)).map_err(&failed);
    match found {
        Found::Nothing if !ask("SELECT has_database_privilege(current_database(), 'CREATE')").await? => {
            Err(lacks(place, "make a schema", format!("CREATE ON DATABASE {}", database(place.name()))))
        }
        Found::Empty if !ask("SELECT has_schema_privilege('tollgate', 'CREATE') AND has_schema_privilege('tollgate', 'USAGE')").await? => {
            Err(lacks(place, "make tables in the schema `tollgate`", "CREATE, USAGE ON SCHEMA tollgate".to_owned()))
        }
        Found::Nothing | Found::Empty | Found::Ours(_) | Found::Foreign => Ok(()),
    }
}

fn lacks(place: &Place, lacks: &'static str, grant: String) -> OpenError {
    OpenError::Privilege { place: place.name().to_owned(), user: place.user().to_owned(), lacks, grant }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_older_than_the_one_it_is_tested_with_is_refused() {
        let refused = recent_enough("db.example:5432/gates", 14, "14.11 (Debian 14.11-1)").unwrap_err();
        let said = "PostgreSQL 14.11 (Debian 14.11-1) answers at `db.example:5432/gates`, and at least 15 is needed: upgrade the server";
        assert_eq!(refused.to_string(), said);
        assert!(recent_enough("", 15, "15.0").is_ok());
        assert!(recent_enough("", 18, "18.1").is_ok());
    }
}
