//! Every reason not to open, each made as it happens; what is refused stays as it was.

mod tls;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Holder, LeaseWant, Store, Unit};
use tollgate_model::{Name, Period, Scope, Timestamp, Zone};

use super::OpenError;
use crate::stand::{Database, Server, run};
use crate::{PostgresStore, Settings};

/// Everything in the schema and its rights, as text: what a refusal leaves as it was.
const CONTENTS: &str = "SELECT coalesce(string_agg(t, E'\\n' ORDER BY t), 'nothing') FROM (
    SELECT 'schema ' || nspname || coalesce(nspacl::text, '') AS t FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
    UNION ALL SELECT 'relation ' || oid::regclass || coalesce(relacl::text, '') FROM pg_class
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'tollgate')) AS everything";

fn open_url(url: &str) -> Result<Arc<PostgresStore>, OpenError> {
    let folder = TempDir::new().unwrap();
    PostgresStore::open(&Settings { url, password: None, roots: &[], memory: folder.path().join("book.seen"), accept: false })
}

/// The refusal's sentence, without the test's own names in it.
fn refused(database: &Database<'_>, url: &str) -> String {
    let before = database.ask(CONTENTS);
    let refusal = open_url(url).err().unwrap();
    assert_eq!(database.ask(CONTENTS), before);
    let said = refusal.to_string();
    assert!(!format!("{said} {refusal:?}").contains("pass-"), "{refusal:?}");
    let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap();
    said.replace(&format!(":{port}/"), ":5432/").replace(&database.name, "gates")
}

fn shared() -> Database<'static> {
    Server::shared().database()
}

#[test]
fn a_new_database_gets_the_schema_and_two_gates_that_start_at_once_make_it_once() {
    let database = shared();
    let ids: Vec<String> = std::thread::scope(|threads| {
        let starts: Vec<_> = (0..4).map(|_| threads.spawn(|| open_url(&database.url()).unwrap().id().to_owned())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(ids[0].len(), 36);
    assert_eq!(database.ask("SELECT schema FROM tollgate.meta"), PostgresStore::schema().to_string());
    let other = shared();
    assert_ne!(open_url(&other.url()).unwrap().id(), ids[0]);
}

#[test]
fn a_schema_that_was_made_for_the_gate_is_filled() {
    let database = shared();
    let Database { name, .. } = &database;
    database.execute(&format!("REVOKE CREATE ON DATABASE {name} FROM {name}; ALTER DATABASE {name} OWNER TO stand"));
    let said = refused(&database, &database.url());
    let grant = "as the database's owner, `GRANT CREATE ON DATABASE gates TO gates`";
    assert_eq!(said, format!("the user `gates` may not make a schema at `127.0.0.1:5432/gates`: {grant}"));
    database.execute("CREATE SCHEMA tollgate");
    let said = refused(&database, &database.url());
    let grant = "as the database's owner, `GRANT CREATE, USAGE ON SCHEMA tollgate TO gates`";
    assert_eq!(said, format!("the user `gates` may not make tables in the schema `tollgate` at `127.0.0.1:5432/gates`: {grant}"));
    database.execute(&format!("GRANT CREATE, USAGE ON SCHEMA tollgate TO {name}"));
    open_url(&database.url()).unwrap();
}

#[test]
fn a_url_that_says_too_little_is_refused_without_being_repeated() {
    for (url, fault) in [
        ("mysql://root:pass-1@localhost/gates", "does not begin with `postgres://`"),
        ("host=localhost password=pass-1", "does not begin with `postgres://`"),
        ("postgres://user:pass-1@host:port/gates", "cannot be read"),
        ("postgres://user:pass-1@host/gates?pass-2=1", "cannot be read"),
        ("postgres://localhost/gates", "names no user"),
        ("postgres://user:pass-1@localhost", "names no database"),
        ("postgres://user:pass-1@/gates", "names no host"),
    ] {
        let refusal = open_url(url).err().unwrap();
        let rest = "write `postgres://user:password@host:5432/database`, special characters as %XX";
        assert_eq!(refusal.to_string(), format!("the store's URL {fault}: {rest}"), "{url}");
        assert!(!format!("{refusal:?}").contains("pass-"));
    }
}

#[test]
fn a_port_where_nobody_answers_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [port, silent.local_addr().unwrap().port()] {
        let refusal = open_url(&format!("postgres://gates:pass-1@127.0.0.1:{port}/gates")).err().unwrap();
        let said = format!("no PostgreSQL answers at `127.0.0.1:{port}/gates`: start it, or correct host and port in the store's URL");
        assert_eq!(refusal.to_string(), said);
    }
}

#[test]
fn a_wrong_user_or_password_is_told_without_the_password() {
    let database = shared();
    for (from, to) in [("pass-gates", "pass-other"), ("//gates", "//other")] {
        let url = database.url().replacen(from, to, 1);
        let said = refused(&database, &url);
        let user = if to == "//other" { url.split(['/', ':']).nth(3).unwrap().to_owned() } else { "gates".to_owned() };
        let rest = "correct user and password in the store's URL, or pg_hba.conf on the server";
        assert_eq!(said, format!("`127.0.0.1:5432/gates` does not let the user `{user}` in: {rest}"));
    }
}

#[test]
fn a_password_may_come_from_elsewhere_than_the_url() {
    let (database, folder) = (shared(), TempDir::new().unwrap());
    let secret = format!("pass-{}", database.name);
    let url = database.url().replace(&format!(":{secret}"), "");
    let said = refused(&database, &url);
    assert!(said.starts_with("`127.0.0.1:5432/gates` does not let the user `gates` in"), "{said}");
    let memory = folder.path().join("book.seen");
    PostgresStore::open(&Settings { url: &url, password: Some(secret.as_bytes()), roots: &[], memory, accept: false }).unwrap();
}

#[test]
fn a_database_that_is_not_there_is_told() {
    let database = shared();
    let url = format!("{}_of_nobody", database.url());
    let rest = "make it with `createdb --owner gates`, or correct the store's URL";
    assert_eq!(refused(&database, &url), format!("there is no database at `127.0.0.1:5432/gates_of_nobody`: {rest}"));
}

#[test]
fn a_database_that_the_user_may_not_enter_is_told() {
    let (database, other) = (shared(), shared());
    database.execute(&format!("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", database.name));
    let url = other.url().replace(&format!("/{}", other.name), &format!("/{}", database.name));
    let url = url.replacen(&format!("/{}:", database.name), &format!("/{}:", other.name), 1);
    let said = refused(&database, &url).replace(&other.name, "somebody");
    let grant = "as the database's owner, `GRANT CONNECT ON DATABASE gates TO somebody`";
    assert_eq!(said, format!("the user `somebody` may not connect at `127.0.0.1:5432/gates`: {grant}"));
}

#[test]
fn tables_that_the_user_may_only_read_are_told() {
    let (database, other) = (shared(), shared());
    drop(open_url(&database.url()).unwrap());
    let url = other.url().replace(&format!("{}@", other.name), "@").replace(&other.name, &database.name);
    let url =
        url.replacen(&format!("//{}", database.name), &format!("//{}", other.name), 1).replace("pass-@", &format!("pass-{}@", other.name));
    let said = |part: &str| {
        let all = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tollgate";
        let grant = if part == "use the schema `tollgate`" { "USAGE ON SCHEMA tollgate" } else { all };
        format!("the user `somebody` may not {part} at `127.0.0.1:5432/gates`: as the database's owner, `GRANT {grant} TO somebody`")
    };
    let told = || refused(&database, &url).replace(&other.name, "somebody");
    assert_eq!(told(), said("use the schema `tollgate`"));
    database.execute(&format!("GRANT USAGE ON SCHEMA tollgate TO {}", other.name));
    assert_eq!(told(), said("read the schema `tollgate`"));
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA tollgate TO {}", other.name));
    assert_eq!(told(), said("write the tables of the schema `tollgate`"));
    database.execute(&format!("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tollgate TO {}", other.name));
    let store = open_url(&url).unwrap();
    store.be_patient(true);
    // what was granted is all that it takes
    let window = Period::Day.window(&Zone::utc(), Timestamp::from_millis(0));
    let solver = Name::parse("solver").unwrap();
    let counter = Counter { scope: Scope::Upstream(solver.clone()), unit: Unit::Tasks, period: Period::Day, zone: Zone::utc(), window };
    let holder = Holder { instance: "gate".to_owned(), account: solver };
    let want = LeaseWant { counter, holder, cap: 9, used: None, least: 1, slice: 2 };
    let leases = run(async { store.lease(store.open("gate", "boot", true).await?.fence, vec![want]).await }).unwrap();
    assert_eq!(leases[0].ceiling, 2);
}

#[test]
fn another_programs_schema_is_left_alone() {
    let foreign = "the schema `tollgate` at `127.0.0.1:5432/gates` belongs to another program: let the store's URL name another database";
    for tables in [
        "CREATE TABLE tollgate.bookmarks (url text)",
        "CREATE TABLE tollgate.meta (program text, schema text); INSERT INTO tollgate.meta VALUES ('roads', '1')",
        "CREATE TABLE tollgate.meta (program text, schema int)",
    ] {
        let database = shared();
        database.execute(&format!("CREATE SCHEMA tollgate AUTHORIZATION {0}; SET ROLE {0}; {tables}", database.name));
        assert_eq!(refused(&database, &database.url()), foreign, "{tables}");
    }
}

#[test]
fn a_newer_schema_is_left_alone() {
    let database = shared();
    drop(open_url(&database.url()).unwrap());
    database.execute("UPDATE tollgate.meta SET schema = 99");
    let known = PostgresStore::schema();
    let newer = format!("was written by a newer version (schema 99, this one knows {known}): start that version again");
    assert_eq!(refused(&database, &database.url()), format!("the schema at `127.0.0.1:5432/gates` {newer}"));
}

#[test]
fn a_step_of_a_migration_that_fails_leaves_the_database_as_it_was() {
    let database = shared();
    // a type of the name of the step's last table is in the way
    database.execute(&format!("CREATE SCHEMA tollgate AUTHORIZATION {}; CREATE DOMAIN tollgate.secrets AS text", database.name));
    let said = refused(&database, &database.url());
    assert_eq!(said, "the store at `127.0.0.1:5432/gates` cannot be opened: type \"secrets\" already exists");
}

#[test]
fn a_read_only_server_is_taken_for_a_replica() {
    let database = shared();
    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name));
    let rest = "money is kept on the primary alone: let the store's URL name the primary";
    assert_eq!(refused(&database, &database.url()), format!("`127.0.0.1:5432/gates` is a replica or read-only, and {rest}"));
}

#[test]
fn a_database_that_cannot_keep_every_text_is_refused() {
    let database = shared();
    let latin = format!("{}_latin", database.name);
    let make =
        format!("CREATE DATABASE {latin} OWNER {} TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'", database.name);
    database.execute(&make);
    let said = refused(&database, &format!("{}_latin", database.url()));
    let rest = "make one with `createdb --encoding UTF8 --template template0`";
    assert_eq!(said, format!("the database at `127.0.0.1:5432/gates_latin` has encoding LATIN1: {rest}"));
}

#[test]
fn a_server_that_would_lose_what_it_has_acknowledged_is_refused() {
    let server = Server::start();
    let database = server.database();
    database.execute("ALTER SYSTEM SET fsync = off");
    database.execute("SELECT pg_reload_conf()");
    while database.ask("SHOW fsync") == "on" {
        std::thread::yield_now();
    }
    let said = refused(&database, &database.url());
    let rest = "and would lose money with its machine: set `fsync = on` and reload it";
    assert_eq!(said, format!("PostgreSQL at `127.0.0.1:5432/gates` runs with `fsync = off`, {rest}"));
}

#[test]
fn a_memory_that_cannot_be_read_is_told_and_an_operator_may_go_on_without_it() {
    let database = shared();
    let folder = TempDir::new().unwrap();
    let memory: PathBuf = folder.path().join("book.seen");
    std::fs::write(&memory, "half a li").unwrap();
    let url = database.url();
    let refusal =
        PostgresStore::open(&Settings { url: &url, password: None, roots: &[], memory: memory.clone(), accept: false }).err().unwrap();
    let said = refusal.to_string().replace(folder.path().to_str().unwrap(), "/state");
    let rest = "let this user read and write it, or accept the book without it";
    assert_eq!(said, format!("the gate's memory of the book `/state/book.seen` cannot be used: {rest}"));
    PostgresStore::open(&Settings { url: &url, password: None, roots: &[], memory: memory.clone(), accept: true }).unwrap();
    PostgresStore::open(&Settings { url: &url, password: None, roots: &[], memory, accept: false }).unwrap();
}
