//! TLS towards clients: a certificate of the operator's own, the gate's own, and what a person reads when one does not fit.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use tollgate_tests::{Answer, Place, Process, Said, Stub, get, run_with, submission};

/// An authority with a certificate for a name, in PEM: the authority's, the chain, its key.
struct Given {
    authority: String,
    chain: String,
    key: String,
}

impl Given {
    fn made_for(name: &str) -> Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key)?.pem();
        let issuer = Issuer::from_ca_cert_pem(&authority, authority_key)?;
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &issuer)?;
        Ok(Self { chain: format!("{}{authority}", leaf.pem()), key: key.serialize_pem(), authority })
    }

    fn lay(&self, place: &Place) -> Result<()> {
        fs::write(place.path().join("chain.pem"), &self.chain)?;
        place.private("key.pem", self.key.as_bytes())
    }
}

/// A gate with one TLS listener, and a provider that knows one task.
fn place(tls: &str, provider: SocketAddr) -> Result<Place> {
    Place::with(&format!(
        "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\ntls = {tls}\n[admin]\naddress = \"127.0.0.1:0\"\n\
         [[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://{provider}\"\nsecret = {{ file = \"real.key\" }}\n"
    ))
}

/// One request over TLS as whoever trusts that authority; with the certificate that was shown.
fn over_tls(
    at: SocketAddr,
    name: &str,
    authority: &str,
    versions: &[&'static SupportedProtocolVersion],
    request: &str,
) -> Result<(Answer, CertificateDer<'static>)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)?.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned())?)?;
    let mut stream = StreamOwned::new(client, TcpStream::connect(at)?);
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let shown = stream.conn.peer_certificates().and_then(|chain| chain.first()).context("no certificate was shown")?;
    Ok((Answer::parse(&bytes)?, shown.clone().into_owned()))
}

fn key(gate: &Process, place: &Place) -> Result<String> {
    let state = place.path().join("state").display().to_string();
    let words = ["--state", &state, "key", "create", "shop", "--cap", "1/day", "--allow", "127.0.0.1/32"];
    let made = run_with(&words, "", &[])?;
    assert!(made.status.success(), "{}{}", String::from_utf8_lossy(&made.stderr), gate.printed());
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

#[test]
fn a_listener_with_a_given_certificate_shows_it_and_takes_a_paid_call() -> Result<()> {
    let stub = Stub::start()?;
    let given = Given::made_for("gate.example")?;
    let place = place("{ cert = \"chain.pem\", key = \"key.pem\" }", stub.at)?;
    given.lay(&place)?;
    let gate = place.serve()?;
    let (at, key) = (gate.address("gate_tls")?, key(&gate, &place)?);
    assert_eq!(gate.ready.get("ca"), None, "the gate's own authority has no part in it: {}", gate.ready);
    assert_eq!(gate.ready.get("gate"), None, "nothing speaks plain http: {}", gate.ready);
    let leaf = CertificateDer::from_pem_slice(given.chain.as_bytes())?;
    for (task, version) in [("70000001", &rustls::version::TLS13), ("70000002", &rustls::version::TLS12)] {
        stub.say(Said::body(format!("OK|{task}").as_bytes()));
        let (answer, shown) = over_tls(at, "gate.example", &given.authority, &[version], &get(&submission(&key), ""))?;
        assert_eq!(shown, leaf);
        assert_eq!((answer.status, answer.task()), (200, Some(task)), "{}", answer.body);
    }
    // another name is not what it is for, and another authority did not make it
    let other = Given::made_for("gate.example")?;
    assert!(over_tls(at, "other.example", &given.authority, rustls::ALL_VERSIONS, "").is_err());
    assert!(over_tls(at, "gate.example", &other.authority, rustls::ALL_VERSIONS, "").is_err());
    // and plain http is no TLS: no answer, nothing sent
    let plain = tollgate_tests::exchange(at, get(&submission(&key), "").as_bytes())?;
    assert!(!String::from_utf8_lossy(&plain).contains("HTTP/1.1"));
    assert_eq!(stub.heard().len(), 2);
    Ok(())
}

#[test]
fn a_listener_with_the_gates_own_certificate_is_trusted_by_whoever_trusts_its_ca() -> Result<()> {
    let stub = Stub::start()?;
    let place = place("\"self\"", stub.at)?;
    let mut gate = place.serve()?;
    let key = key(&gate, &place)?;
    let ca = gate.ready.get("ca").and_then(serde_json::Value::as_str).context("no CA")?.to_owned();
    let authority = fs::read_to_string(&ca)?;
    let call = |gate: &Process, name: &str, task: &str| {
        stub.say(Said::body(format!("OK|{task}").as_bytes()));
        let request = get(&submission(&key), "");
        let (answer, _) = over_tls(gate.address("gate_tls")?, name, &authority, rustls::ALL_VERSIONS, &request)?;
        anyhow::ensure!(answer.task() == Some(task), "{answer:?}");
        Ok(())
    };
    call(&gate, "localhost", "70000001")?;
    call(&gate, "127.0.0.1", "70000002")?;
    gate.stop()?;
    let again = place.serve()?;
    assert_eq!(fs::read_to_string(Path::new(&ca))?, authority, "who trusted it once need not do so again");
    call(&again, "localhost", "70000003")
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_in_one_sentence_before_anything_listens() -> Result<()> {
    let (one, other) = (Given::made_for("gate.example")?, Given::made_for("gate.example")?);
    let files = "{ cert = \"chain.pem\", key = \"key.pem\" }";
    for (chain, key, word) in [
        (one.chain.as_str(), Some(other.key.as_str()), "belong together"),
        (&one.chain, None, "key.pem"),
        ("", Some(&one.key), "chain.pem"),
        ("no certificate", Some(&one.key), "chain.pem"),
        (&one.chain, Some("no key"), "key.pem"),
        (&one.key, Some(&one.key), "chain.pem"),
    ] {
        let place = place(files, SocketAddr::from(([127, 0, 0, 1], 19_009)))?;
        fs::write(place.path().join("chain.pem"), chain)?;
        if let Some(key) = key {
            place.private("key.pem", key.as_bytes())?;
        }
        let (code, said) = place.refusal(&["serve"])?;
        assert_eq!(code, if key.is_some() { 1 } else { 2 }, "{said}");
        let sentences = said.lines().filter(|line| !line.starts_with("note: ") && !line.contains(" INFO ")).count();
        assert!(said.contains(word) && sentences <= 2, "{word}: {said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
    Ok(())
}
