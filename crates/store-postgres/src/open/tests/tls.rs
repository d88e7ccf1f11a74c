//! A server on another machine, which is a name of this one that is not `localhost`.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use crate::stand::{Database, Server};
use crate::{OpenError, PostgresStore, Settings};

/// An authority, and a server that it vouches for under this name.
fn authority(server: &Server, name: &str) -> CertificateDer<'static> {
    let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certified = root.self_signed(&root_key).unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    for (file, text) in [("server.crt", leaf.pem()), ("server.key", key.serialize_pem())] {
        let put = "TO PROGRAM 'umask 077; base64 -d >'";
        let put = put.replace(">'", &format!(">{file}'"));
        // through base64, which has no line ends to be escaped
        server.execute("postgres", &format!("COPY (SELECT replace(encode('{text}', 'base64'), E'\\n', '')) {put}"));
    }
    server.execute("postgres", "ALTER SYSTEM SET ssl = on");
    server.execute("postgres", "SELECT pg_reload_conf()");
    while server.ask("postgres", "SHOW ssl") == "off" {
        std::thread::yield_now();
    }
    certified.der().clone()
}

fn open(database: &Database<'_>, options: &str, roots: &[CertificateDer<'static>]) -> Result<Arc<PostgresStore>, OpenError> {
    let folder = TempDir::new().unwrap();
    // the address of the connection beside the name that the certificate is for
    let url = format!("{}?hostaddr=127.0.0.1{options}", database.url().replace("127.0.0.1", "db.example"));
    PostgresStore::open(&Settings { url: &url, password: None, roots, memory: folder.path().join("book.seen"), accept: false })
}

fn why(refusal: Result<Arc<PostgresStore>, OpenError>) -> String {
    match refusal {
        Err(OpenError::Tls { why, .. }) => why,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn a_server_elsewhere_is_spoken_to_over_tls_that_is_checked_or_not_at_all() {
    let server = Server::start();
    let database = server.database();
    assert_eq!(why(open(&database, "", &[])), "server does not support TLS");
    let root = authority(&server, "db.example");
    let private = || {
        let sql = "SELECT bool_and(ssl AND version >= 'TLSv1.2') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '";
        database.ask(&format!("{sql}{}'", database.name))
    };
    let store = open(&database, "", std::slice::from_ref(&root)).unwrap();
    assert_eq!(private(), "t");
    drop(store);
    assert_eq!(why(open(&database, "", &[])), "invalid peer certificate: UnknownIssuer");
    assert_eq!(why(open(&database, "&sslmode=prefer", &[])), "invalid peer certificate: UnknownIssuer");
    let store = open(&database, "&sslmode=disable", &[]).unwrap();
    assert_eq!(private(), "f");
    drop(store);
    // of the same name, and with another key
    let other = authority(&Server::start(), "db.example");
    assert_eq!(why(open(&database, "", &[other])), "invalid peer certificate: BadSignature");
    let misnamed = Server::start();
    let root = authority(&misnamed, "other.example");
    let said = why(open(&misnamed.database(), "", &[root]));
    assert!(said.contains("not valid for name \"db.example\""), "{said}");
}
