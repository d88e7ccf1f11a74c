//! Every verb of the command line, tried rightly and wrongly, over the socket and over the port with its token.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Place, Process, Setup, Stand, call, get, run_with, submission};

/// What a verb came to.
#[derive(Debug)]
struct Came {
    code: i32,
    out: String,
    err: String,
}

fn tollgate(words: &[&str], input: &str, environment: &[(&str, &str)]) -> Result<Came> {
    let output = run_with(words, input, environment)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Came { code: output.status.code().context("a signal")?, out: text(&output.stdout), err: text(&output.stderr) })
}

/// The same words over the port.
struct Port {
    address: String,
    token: String,
}

impl Port {
    fn of(stand: &Stand) -> Result<Self> {
        let token = fs::read_to_string(stand.state().join("admin.token"))?;
        let url = stand.gate.ready.get("admin").and_then(Value::as_str).context("no admin")?;
        Ok(Self { address: url.to_owned(), token })
    }

    fn environment(&self) -> [(&str, &str); 2] {
        [("TOLLGATE_ADDR", &self.address), ("TOLLGATE_TOKEN", &self.token)]
    }
}

/// A word that must stand in what was printed, and where.
enum Says {
    Out(&'static str),
    Err(&'static str),
}

use Says::{Err as Complains, Out};

/// Words, input, exit code, and what is said; `{key}` and `{request}` stand for those of the stand.
const VERBS: &[(&[&str], &str, i32, Says)] = &[
    (&["team", "create", "crew", "--cap", "5/day", "--rate", "60/min"], "", 0, Out("crew")),
    (&["team", "create", "crew"], "", 1, Complains("given before")),
    (&["team", "create", "Crew"], "", 1, Complains("`name`")),
    (&["team", "show", "crew"], "", 0, Out("5/day")),
    (&["team", "show", "nobody"], "", 1, Complains("hint:")),
    (&["team", "set", "crew", "--concurrency", "3"], "", 0, Out("changed")),
    (&["team", "set", "crew"], "", 2, Complains("nothing was said")),
    (&["team", "list"], "", 0, Out("5/day")),
    (
        &["key", "create", "shop", "--team", "crew", "--allow", "office", "--cap", "1/day", "--hours", "Mon-Sun 00:00-24:00 UTC"],
        "",
        0,
        Out("tgk_"),
    ),
    (&["key", "create", "shop", "--allow", "any", "--cap", "1/day"], "", 1, Complains("given before")),
    (&["key", "create", "a", "--allow", "any"], "", 1, Complains("--cap none")),
    (&["key", "create", "a", "--cap", "1/day"], "", 1, Complains("--allow any")),
    (&["key", "create", "a", "--cap", "none", "--cap", "1/day", "--allow", "any"], "", 1, Complains("leave one of them out")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "0.0.0.0/0"], "", 1, Complains("every address")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "offices"], "", 1, Complains("offices")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "any", "--team", "nobody"], "", 1, Complains("team create nobody")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "any", "--upstream", "nobody"], "", 1, Complains("no upstream `nobody`")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "any", "--like", "nobody"], "", 1, Complains("no key `nobody`")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "any", "--methods", "nothing"], "", 1, Complains("no price")),
    (&["key", "create", "a", "--cap", "1/day", "--allow", "any", "--expires", "2020-01-01T00:00:00Z"], "", 1, Complains("in the past")),
    (&["key", "create", "b", "--like", "shop"], "", 0, Out("tgk_")),
    (&["key", "create", "tgk_0000000000000000000000000000", "--cap", "1/day", "--allow", "any"], "", 2, Complains("never an argument")),
    (&["key", "create"], "", 2, Complains("NAME")),
    (&["key", "list"], "", 0, Out("203.0.113.0/24")),
    (&["key", "show", "shop"], "", 0, Out("1/day")),
    (&["key", "show", "nobody"], "", 1, Complains("hint:")),
    (&["key", "set", "shop", "--observe", "network,hours,rate", "--until", "7d"], "", 0, Out("changed")),
    (&["key", "show", "shop"], "", 0, Out("network, hours, rate, until ")),
    (&["key", "set", "shop", "--observe", "caps", "--until", "7d"], "", 1, Complains("cannot be observed")),
    (&["key", "set", "shop", "--observe", "network"], "", 2, Complains("--until")),
    (&["key", "set", "shop"], "", 2, Complains("nothing was said")),
    (&["key", "set", "nobody", "--cap", "1/day"], "", 1, Complains("no key `nobody`")),
    (&["key", "rotate", "shop"], "", 0, Out("tgk_")),
    (&["key", "show", "shop"], "", 0, Out(", valid until 2")),
    (&["key", "rotate", "shop", "--overlap", "soon"], "", 1, Complains("`overlap`")),
    (&["key", "rotate", "shop", "--now", "--overlap", "1h"], "", 2, Complains("cannot be used with")),
    (&["key", "rotate", "tgk_0000000000000000000000000000"], "", 2, Complains("never an argument")),
    (&["key", "pause", "shop", "--reason", "stock-taking"], "", 0, Out("paused")),
    (&["key", "show", "shop"], "", 0, Out("stock-taking")),
    (&["key", "resume", "shop"], "", 0, Out("resumed")),
    (&["key", "revoke", "shop"], "", 0, Out("revoked")),
    (&["key", "revoke", "shop"], "", 1, Complains("--like shop")),
    (&["key", "melt", "shop"], "", 2, Complains("unrecognized")),
    (&["usage"], "", 0, Out("$0.10")),
    (&["usage", "--by", "team"], "", 0, Out("total")),
    (&["usage", "--by", "method", "--since", "1d"], "", 0, Out("userrecaptcha")),
    (&["usage", "--month", "2020-01"], "", 0, Out("nothing was spent")),
    (&["usage", "--by", "weather"], "", 2, Complains("possible values")),
    (&["usage", "--month", "2026-13"], "", 1, Complains("no month")),
    (&["usage", "--since", "soon"], "", 1, Complains("30s")),
    (&["explain", "--key", "old", "--from", "127.0.0.1"], "", 0, Out("allowed")),
    (&["explain", "--key", "old", "--from", "10.0.0.1"], "", 0, Out("network_denied")),
    (
        &["explain", "--key", "old", "--from", "127.0.0.1", "--method", "nothing", "--at", "2030-01-01T00:00:00Z"],
        "",
        0,
        Out("operation_denied"),
    ),
    (&["explain", "--key", "nobody", "--from", "127.0.0.1"], "", 1, Complains("no key `nobody`")),
    (&["explain", "--key", "old", "--from", "here"], "", 2, Complains("--from")),
    (&["explain", "--key", "old"], "", 2, Complains("--from")),
    (&["explain", "--key", "old", "--from", "127.0.0.1", "--at", "later"], "", 1, Complains("`at`")),
    (&["explain", "{request}"], "", 0, Out("old")),
    (&["explain", "nonsense"], "", 1, Complains("Tollgate-Request-Id")),
    (&["explain", "00000000-0000-7000-8000-000000000000"], "", 1, Complains("no line")),
    (&["explain"], "", 2, Complains("REQUEST")),
    (&["trace", "-"], "{key}", 0, Out("the virtual key `old`")),
    (&["trace", "-"], "a letter", 0, Out("nothing that this gate knows")),
    (&["trace", "-"], "", 1, Complains("nothing was sent")),
    (&["trace", "old"], "", 2, Complains("never an argument")),
    (&["audit", "tail", "-n", "3"], "", 0, Out("key_revoke")),
    (&["audit", "tail", "-n", "many"], "", 2, Complains("invalid value")),
    (&["doctor"], "", 0, Out("nothing is wrong")),
    (&["nonsense"], "", 2, Complains("unrecognized")),
];

#[test]
fn every_verb_does_its_work_and_says_in_one_sentence_why_it_does_not() -> Result<()> {
    let stand = Stand::with(Setup { more: "[network]\nsets = { office = [\"203.0.113.0/24\"] }\n", ..Setup::default() })?;
    let key = stand.key("old", json!({ "caps": ["1/day"] }))?;
    let bought = call(stand.at, &submission(&key))?;
    stand.lines(bought.id())?;
    let (state, port) = (stand.state().display().to_string(), Port::of(&stand)?);
    for (number, (words, input, code, says)) in VERBS.iter().enumerate() {
        let words: Vec<&str> = words.iter().map(|word| if *word == "{request}" { bought.id() } else { word }).collect();
        let (words, input) = (&*words, if *input == "{key}" { key.as_str() } else { input });
        // in turns over the two doors: whatever the one has changed, the other sees
        let came = if number % 2 == 0 {
            tollgate(&[&["--state", &state], words].concat(), input, &[])?
        } else {
            tollgate(words, input, &port.environment())?
        };
        assert_eq!(came.code, *code, "{words:?}: {came:?}");
        match says {
            Out(word) => assert!(came.out.contains(word), "{words:?}: {came:?}"),
            Complains(word) => assert!(came.err.contains(word) && came.out.is_empty(), "{words:?}: {came:?}"),
        }
        assert!(*code == 2 || came.err.lines().count() <= 2, "one sentence and a hint: {came:?}");
        assert!(!came.err.contains("panicked") && !came.err.contains("tgk_000"), "{came:?}");
    }
    Ok(())
}

#[test]
fn every_read_is_one_line_of_json_and_the_same_over_both_doors() -> Result<()> {
    let stand = Stand::new()?;
    stand.ask("POST", "/v1/teams", Some(&json!({ "name": "crew", "caps": ["5/day"] })))?;
    let key = stand.key("shop", json!({ "caps": ["1/day"], "team": "crew" }))?;
    let bought = call(stand.at, &submission(&key))?;
    stand.lines(bought.id())?;
    let (state, port) = (stand.state().display().to_string(), Port::of(&stand)?);
    for words in [
        &["key", "list"][..],
        &["key", "show", "shop"],
        &["team", "list"],
        &["team", "show", "crew"],
        &["usage", "--by", "day"],
        &["explain", "--key", "shop", "--from", "127.0.0.1", "--at", "2030-01-01T00:00:00Z"],
        &["explain", bought.id()],
        &["doctor"],
    ] {
        let words = [words, &["--json"]].concat();
        let here = tollgate(&[&["--state", &state], &*words].concat(), "", &[])?;
        let there = tollgate(&words, "", &port.environment())?;
        assert_eq!((here.code, here.err.as_str(), &here.out), (0, "", &there.out), "{words:?}");
        assert!(here.out.lines().count() == 1 && serde_json::from_str::<Value>(&here.out)?.is_object(), "{words:?}: {}", here.out);
    }
    let file = stand.folder().join("tollgate.toml").display().to_string();
    let checked: Value = serde_json::from_str(&tollgate(&["check", "-c", &file, "--json"], "", &[])?.out)?;
    assert_eq!((checked.get("valid"), checked.pointer("/in_force/upstream/0/name")), (Some(&json!(true)), Some(&json!("provider"))));
    let environment = [("TOLLGATE_STATE", state.as_str())];
    for words in [&["audit", "verify", "--json"][..], &["key", "list", "--json"], &["audit", "tail", "--json", "-n", "1"]] {
        let came = tollgate(words, "", &environment)?;
        assert!(came.code == 0 && came.out.starts_with('{'), "`TOLLGATE_STATE` finds it: {words:?}: {came:?}");
    }
    Ok(())
}

#[test]
fn ad_02_the_port_takes_its_own_token_and_nothing_else() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let port = Port::of(&stand)?;
    let list = |environment: &[(&str, &str)]| tollgate(&["key", "list"], "", environment);
    assert_eq!(list(&port.environment())?.code, 0);
    for token in ["tga_0000000000000000000000000000", &key, &stand.real_key, "x"] {
        let came = list(&[("TOLLGATE_ADDR", &port.address), ("TOLLGATE_TOKEN", token)])?;
        assert!(came.code == 1 && came.err.contains("hint:") && came.out.is_empty() && !came.err.contains(token), "{token}: {came:?}");
    }
    for (address, code, word) in [
        (port.address.as_str(), 2, "TOLLGATE_TOKEN"),
        ("http://gate.internal:8081", 2, "in the clear|plain http"),
        ("https://127.0.0.1:8081", 2, "hint:"),
        ("nonsense", 2, "TOLLGATE_ADDR"),
    ] {
        let came = list(&[("TOLLGATE_ADDR", address), ("TOLLGATE_TOKEN", if code == 2 && word == "TOLLGATE_TOKEN" { "" } else { "x" })])?;
        assert!(came.code == code && word.split('|').any(|word| came.err.contains(word)), "{address}: {came:?}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let came = list(&[("TOLLGATE_ADDR", &closed), ("TOLLGATE_TOKEN", "x")])?;
    assert!(came.code == 3 && came.err.contains("hint:"), "{came:?}");
    // what is said on the command line counts before what stands around it
    let came = tollgate(
        &["--state", &stand.state().display().to_string(), "key", "list"],
        "",
        &[("TOLLGATE_ADDR", &closed), ("TOLLGATE_TOKEN", "x")],
    )?;
    assert_eq!(came.code, 0, "{came:?}");
    // and the admin token is nobody's key
    let token = port.token.trim();
    assert_eq!(call(stand.at, &submission(token))?.denied(), Some("unauthenticated"));
    assert_eq!(call(stand.at, &format!("/v1/keys?key={token}"))?.denied(), Some("operation_denied"));
    Ok(())
}

#[test]
fn an_admin_token_may_come_from_elsewhere_and_is_then_the_only_one() -> Result<()> {
    let usual = "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n\
                 token = { env = \"GATE_ADMIN\" }\n[[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://127.0.0.1:19009\"\n\
                 secret = { file = \"real.key\" }\n";
    let place = Place::with(usual)?;
    let serve = |token: &str| Process::start(&["serve", "-c", place.file()], &[("GATE_ADMIN", token)]);
    for (token, word) in [("short", "openssl rand"), ("", "GATE_ADMIN")] {
        let refused = serve(token).err().context("it started")?.to_string();
        assert!(refused.contains(word) && !refused.contains("short\n"), "{refused}");
    }
    let gate = serve("a-token-from-somewhere-else")?;
    let address = gate.ready.get("admin").and_then(Value::as_str).context("no admin")?;
    let own = fs::read_to_string(place.path().join("state/admin.token"))?;
    for (token, code) in [("a-token-from-somewhere-else", 0), (own.trim(), 1)] {
        let came = tollgate(&["key", "list"], "", &[("TOLLGATE_ADDR", address), ("TOLLGATE_TOKEN", token)])?;
        assert_eq!(came.code, code, "{came:?}");
    }
    let open = tollgate_tests::exchange(gate.address("admin")?, get("/v1/keys", "").as_bytes())?;
    assert!(String::from_utf8_lossy(&open).starts_with("HTTP/1.1 4"), "nobody comes in without one");
    Ok(())
}
