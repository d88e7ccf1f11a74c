//! Which provider a request is for: the listener's root, an exact host name, `/u/<name>/`; never another one's key or money.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Answer, Place, Process, Said, Stub, exchange, submission, unix};

/// A gate with two providers: at the root of one listener the first, at the other whatever the Host says.
struct Two {
    place: Place,
    gate: Process,
    stubs: [Stub; 2],
    bought: std::cell::Cell<u32>,
}

impl Two {
    fn new() -> Result<Self> {
        let (one, two) = (Stub::start()?, Stub::start()?);
        let place = Place::with(&format!(
            r#"state = "state"
[[listener]]
address = "127.0.0.1:0"
upstream = "one"
[admin]
address = "127.0.0.1:0"
[[upstream]]
name = "one"
profile = "twocaptcha"
origin = "http://{}"
secret = {{ file = "real.key" }}
hosts = ["one.internal"]
prices = {{ userrecaptcha = "0.10" }}
[[upstream]]
name = "two"
profile = "captchaai"
origin = "http://{}"
secret = {{ file = "two.key" }}
hosts = ["two.internal", "zwei.internal"]
prices = {{ userrecaptcha = "0.10" }}
"#,
            one.at, two.at
        ))?;
        place.private("two.key", b"fedcba9876543210fedcba9876543210")?;
        let gate = place.serve()?;
        Ok(Self { place, gate, stubs: [one, two], bought: 0.into() })
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = unix(&self.place.path().join("state/admin.sock"), method, path, Some(body))?;
        anyhow::ensure!(answer.status < 300, "{}", answer.body);
        Ok(serde_json::from_str(&answer.body)?)
    }

    fn key(&self, name: &str, upstream: &str, more: Value) -> Result<String> {
        let mut body = json!({ "name": name, "upstream": upstream, "caps": ["10/day"], "allow": ["127.0.0.1/32"] });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        Ok(self.ask("POST", "/v1/keys", &body)?.get("key").and_then(Value::as_str).context("no key")?.to_owned())
    }

    /// Asks as if for that host; how many requests each provider heard because of it.
    fn call(&self, at: SocketAddr, host: &str, target: &str) -> Result<(Answer, [usize; 2])> {
        let [before_one, before_other] = self.stubs.each_ref().map(|stub| stub.heard().len());
        self.bought.set(self.bought.get() + 1);
        for (number, stub) in (0..).zip(&self.stubs) {
            stub.say(Said::body(format!("OK|{}", 70_000_000 + 2 * self.bought.get() + number).as_bytes()));
        }
        let answer = exchange(at, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let [one, other] = self.stubs.each_ref().map(|stub| stub.heard().len());
        Ok((Answer::parse(&answer)?, [one - before_one, other - before_other]))
    }
}

#[test]
fn a_root_and_a_path_choose_the_provider_and_a_key_is_for_one_of_them() -> Result<()> {
    let two = Two::new()?;
    let at = two.gate.address("gate")?;
    let (one, other) = (two.key("one", "one", json!({}))?, two.key("two", "two", json!({}))?);
    for (target, heard) in
        [(submission(&one), [1, 0]), (format!("/u/one{}", submission(&one)), [1, 0]), (format!("/u/two{}", submission(&other)), [0, 1])]
    {
        let (answer, heard_of) = two.call(at, "gate", &target)?;
        assert_eq!((answer.denied(), heard_of), (None, heard), "{target}: {}", answer.body);
        assert!(answer.task().is_some());
    }
    let said = two.stubs[1].heard();
    assert!(said.iter().all(|heard| heard.request.contains("fedcba9876543210") && !heard.request.contains("0123456789abcdef")));
    // another provider's key is nobody's, and looks like it
    for target in [submission(&other), format!("/u/one{}", submission(&other)), format!("/u/two{}", submission(&one))] {
        let (answer, heard) = two.call(at, "gate", &target)?;
        assert_eq!(
            (answer.denied(), answer.body.as_str(), heard),
            (Some("unauthenticated"), "ERROR_KEY_DOES_NOT_EXIST", [0, 0]),
            "{target}"
        );
    }
    for target in ["/u/three/in.php?key=x", "/u/one", "/u/", "/u/One/in.php", "/u/one%2fin.php", "/u/../in.php", "/u//in.php?key=x"] {
        let (answer, heard) = two.call(at, "gate", target)?;
        assert!((answer.status == 404 || answer.denied().is_some()) && heard == [0, 0], "{target}: {answer:?}");
    }
    Ok(())
}

#[test]
fn eg_01_sm_05_a_host_chooses_among_exact_names_and_never_where_a_request_goes() -> Result<()> {
    let two = Two::new()?;
    let file = std::fs::read_to_string(two.place.file())?;
    let rootless = Place::with(&file.replacen("upstream = \"one\"\n", "", 1))?;
    rootless.private("two.key", b"fedcba9876543210fedcba9876543210")?;
    let gate = rootless.serve()?;
    let two = Two { place: rootless, gate, ..two };
    let at = two.gate.address("gate")?;
    let (one, other) = (two.key("one", "one", json!({}))?, two.key("two", "two", json!({}))?);
    for (host, key, heard) in [
        ("one.internal", &one, [1, 0]),
        ("ONE.internal", &one, [1, 0]),
        ("one.internal:8080", &one, [1, 0]),
        ("two.internal", &other, [0, 1]),
        ("zwei.internal:443", &other, [0, 1]),
    ] {
        let (answer, heard_of) = two.call(at, host, &submission(key))?;
        assert_eq!((answer.task().is_some(), heard_of), (true, heard), "{host}: {}", answer.body);
    }
    for host in ["three.internal", "one.internal.", "x.one.internal", "internal", "127.0.0.1", &two.stubs[0].at.to_string()] {
        let (answer, heard) = two.call(at, host, &submission(&one))?;
        assert_eq!((answer.status, heard), (421, [0, 0]), "{host}");
    }
    // the path counts before the host, and an absolute target must agree with it
    let (answer, heard) = two.call(at, "two.internal", &format!("/u/one{}", submission(&one)))?;
    assert!(answer.task().is_some() && heard == [1, 0]);
    let (answer, heard) = two.call(at, "one.internal", &format!("http://two.internal{}", submission(&one)))?;
    assert_eq!((answer.status, heard), (400, [0, 0]));
    let (answer, heard) = two.call(at, "one.internal", &format!("http://one.internal{}", submission(&one)))?;
    assert!(answer.task().is_some() && heard == [1, 0], "{}", answer.body);
    Ok(())
}

#[test]
fn every_answer_has_an_id_of_its_own_and_every_refusal_its_code() -> Result<()> {
    let two = Two::new()?;
    let at = two.gate.address("gate")?;
    let key = two.key("one", "one", json!({ "caps": ["0.10/day"], "rate": "1/min burst 1" }))?;
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n");
    let mut ids = std::collections::HashSet::new();
    for (request, status, code) in [
        (get("/healthz"), 200, None),
        (get("/readyz"), 200, None),
        (get(&submission(&key)), 200, None),
        (get(&submission(&key)), 200, Some("cap_reached")),
        (get(&submission("x")), 200, Some("unauthenticated")),
        (get(&format!("/v1/me?key={key}")), 200, None),
        (get("/v1/me?key=x"), 401, Some("unauthenticated")),
        (get("/u/three/in.php"), 404, Some("malformed")),
        (get("/nothing"), 200, Some("unauthenticated|operation_denied")),
        ("HEAD /in.php HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n".to_owned(), 405, Some("malformed")),
        ("DELETE / HTTP/1.1\r\nHost: gate\r\n\r\n".to_owned(), 405, Some("malformed")),
        ("OPTIONS /in.php HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n".to_owned(), 204, None),
        ("nonsense\r\n\r\n".to_owned(), 400, Some("malformed")),
    ] {
        let answer = Answer::parse(&exchange(at, request.as_bytes())?)?;
        assert_eq!(answer.status, status, "{request}");
        let fits = |code: &str| answer.denied().is_some_and(|denied| code.split('|').any(|code| code == denied));
        assert!(code.map_or(answer.denied().is_none(), fits), "{request}: {:?}", answer.denied());
        assert!(status != 204 || answer.body.is_empty());
        assert!(ids.insert(answer.id().to_owned()) && answer.id().len() == 36, "{request}: {}", answer.id());
    }
    Ok(())
}

#[test]
fn bu_04_eg_13_a_team_has_one_cap_over_two_providers_and_an_id_is_owned_at_its_own_provider() -> Result<()> {
    let two = Two::new()?;
    let at = two.gate.address("gate")?;
    two.ask("POST", "/v1/teams", &json!({ "name": "crew", "caps": ["0.50/day"] }))?;
    let (one, other) = (two.key("one", "one", json!({ "team": "crew" }))?, two.key("two", "two", json!({ "team": "crew" }))?);
    let mut bought = 0;
    for _ in 0..6 {
        for target in [submission(&one), format!("/u/two{}", submission(&other))] {
            let (answer, _) = two.call(at, "gate", &target)?;
            assert!(answer.task().is_some() || answer.denied() == Some("cap_reached"), "{answer:?}");
            bought += u32::from(answer.task().is_some());
        }
    }
    assert_eq!(bought, 5);
    // the same number at two providers is two tasks
    let (third, fourth) = (two.key("three", "one", json!({}))?, two.key("four", "two", json!({}))?);
    let same = Said::body(b"OK|79999999");
    for (target, stub) in [(submission(&third), 0), (format!("/u/two{}", submission(&fourth)), 1)] {
        two.stubs[stub].say(same.clone());
        let answer = exchange(at, format!("GET {target} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n").as_bytes())?;
        assert_eq!(Answer::parse(&answer)?.task(), Some("79999999"));
    }
    let (foreign, heard) = two.call(at, "gate", &format!("/u/two/res.php?key={other}&action=get&id=79999999"))?;
    assert_eq!((foreign.denied(), heard), (Some("not_owner"), [0, 0]));
    let (own, heard) = two.call(at, "gate", &format!("/u/two/res.php?key={fourth}&action=get&id=79999999"))?;
    assert_eq!((own.denied(), heard), (None, [0, 1]));
    Ok(())
}
