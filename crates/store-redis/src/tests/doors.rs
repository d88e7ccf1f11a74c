//! A server that cannot be used is refused in one sentence that says what to do, and holds no password.

use std::io::{Read, Write};
use std::net::TcpListener;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;

use super::*;

fn why(opened: Result<Arc<RedisRates>, Trouble>) -> String {
    let why = opened.err().expect("it was opened").to_string();
    assert!(!why.contains("hunter2"), "{why}");
    why
}

fn with(port: u16, user: Option<&str>, password: Option<&str>) -> Settings {
    let password = password.map(|password| Secret::new(password.as_bytes().to_vec()));
    Settings { user: user.map(ToOwned::to_owned), password, ..settings(port, "gate") }
}

/// Something that answers every connection with these bytes, once it has heard something.
fn stranger(says: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(says);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    port
}

#[test]
fn a_wrong_password_a_wrong_user_and_none_are_refused_and_the_right_one_is_let_in() {
    let server = Server::start(&["--requirepass", "correct horse"]).unwrap();
    let port = server.port();
    let let_in = |user: &str| {
        format!("Redis at `127.0.0.1:{port}` does not let the user `{user}` in: correct the user in `rates`, or `rates_password`")
    };
    assert_eq!(why(open(with(port, None, Some("hunter2")))), let_in("default"));
    assert_eq!(why(open(with(port, None, None))), let_in("default"));
    assert_eq!(why(open(with(port, Some("nobody"), Some("correct horse")))), let_in("nobody"));
    assert!(open(with(port, None, Some("correct horse"))).unwrap().troubles().is_empty());
    let open_one = Server::start(&[]).unwrap();
    assert!(why(open(with(open_one.port(), None, Some("hunter2")))).contains("does not let the user `default` in"));
}

#[test]
fn a_user_with_the_rights_that_the_refusal_names_may_count_and_another_may_not() {
    let server = Server::start(&[]).unwrap();
    server.say("ACL SETUSER gate on >secret ~other:* +@connection +info").unwrap();
    let told = why(open(with(server.port(), Some("gate"), Some("secret"))));
    let (_, rule) = told.split_once("`ACL").unwrap();
    let rule = format!("ACL{}", rule.trim_end_matches('`'));
    assert!(server.say(&rule).unwrap().starts_with("+OK"), "{rule}");
    assert!(open(with(server.port(), Some("gate"), Some("secret"))).unwrap().troubles().is_empty());
}

#[test]
fn what_is_no_redis_or_too_old_is_refused_and_what_says_nothing_is_waited_for() {
    let http = stranger(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(why(open(settings(http, "gate"))), format!("what answers at `127.0.0.1:{http}` is not a Redis: correct `rates`"));
    let old = stranger(b"$47\r\n# Server\r\nredis_version:6.2.14\r\nos:Linux x86_64\r\n");
    assert!(why(open(settings(old, "gate"))).starts_with("Redis 6.2.14 answers at `127.0.0.1:"));
    let closing = stranger(b"");
    let gate = open(settings(closing, "gate")).unwrap();
    assert!(gate.troubles()[0].1.contains("closes the connection"), "{:?}", gate.troubles());
}

#[test]
fn a_replica_and_a_lone_node_of_a_cluster_are_told_apart_from_a_server() {
    let primary = Server::start(&[]).unwrap();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port().to_string()]).unwrap();
    let gate = open(settings(replica.port(), "gate")).unwrap();
    assert!(gate.troubles()[0].1.contains("is a replica, and rates are counted on the primary"), "{:?}", gate.troubles());
    let node = Server::start(&["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]).unwrap();
    node.say("CLUSTER ADDSLOTSRANGE 0 16383").unwrap();
    while !node.say("CLUSTER INFO").unwrap().contains("cluster_state:ok") {
        std::thread::sleep(Duration::from_millis(50));
    }
    let gate = open(settings(node.port(), "gate")).unwrap();
    assert!(gate.troubles().is_empty(), "one that has every slot will do: {:?}", gate.troubles());
}

#[test]
fn a_password_is_not_said_in_the_clear_to_another_machine_whoever_names_it() {
    let dialler = |insecure| crate::link::Dialler::new(Settings { insecure, ..with(1, None, Some("hunter2")) }).unwrap();
    let node = ("elsewhere".to_owned(), 6379);
    let may = |insecure, peer: &str| dialler(insecure).may_say_in_the_clear(&node, peer.parse().unwrap());
    let told = may(false, "10.0.0.5:6379").unwrap_err();
    let says =
        "Redis at `elsewhere:6379` is in the clear beyond this machine: write `rediss://` in `rates`, or end it with `?insecure=true`";
    assert_eq!((told.to_string().as_str(), told.is_final()), (says, true));
    assert!(may(false, "[fd00::2]:6379").is_err() && may(true, "10.0.0.5:6379").is_ok());
    assert!(["127.0.0.1:1", "127.0.0.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"].iter().all(|peer| may(false, peer).is_ok()));
    // where this machine has an address that others reach, a real connection to it hears nothing
    let route = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("10.0.0.5:9").and_then(|()| socket.local_addr()));
    let Some(own) = route.ok().map(|own| own.ip()).filter(|own| !own.is_loopback()) else { return };
    let listener = TcpListener::bind((own, 0)).unwrap();
    let there = Settings { hosts: vec![(own.to_string(), listener.local_addr().unwrap().port())], ..with(1, None, Some("hunter2")) };
    assert!(why(open(there)).contains("is in the clear beyond this machine"));
    assert_eq!(listener.accept().unwrap().0.read(&mut [0; 64]).unwrap(), 0);
}

#[test]
fn tls_is_checked_against_the_authority_and_the_name() {
    let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certified = root.self_signed(&root_key).unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (cert, key) = (put("cert.pem", leaf.pem()), put("key.pem", key.serialize_pem()));
    let tls_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = ["--tls-port", &tls_port.to_string(), "--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-auth-clients", "no"];
    let server = Server::start(&[&options[..], &["--tls-ca-cert-file", &cert, "--requirepass", "secret"]].concat()).unwrap();
    let over = |host: &str, port: u16, roots: Vec<CertificateDer<'static>>| {
        open(Settings { hosts: vec![(host.to_owned(), port)], tls: Some(roots), ..with(port, None, Some("secret")) })
    };
    assert!(over("localhost", tls_port, vec![certified.der().clone()]).unwrap().troubles().is_empty());
    assert!(why(over("localhost", tls_port, Vec::new())).contains("cannot be trusted (invalid peer certificate: UnknownIssuer)"));
    assert!(why(over("127.0.0.1", tls_port, vec![certified.der().clone()])).contains("not valid for name"));
    let in_the_clear = over("localhost", server.port(), vec![certified.der().clone()]).unwrap();
    assert!(in_the_clear.troubles()[0].1.starts_with("no Redis answers at `localhost:"), "{:?}", in_the_clear.troubles());
}
