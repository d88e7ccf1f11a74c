//! What bad amounts get: refused with what was expected, at the command line, in the admin API and in the configuration.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate_tests::{Stand, run};

/// An amount that is none, and what is said of it.
const BAD: [(&str, &str); 9] = [
    ("-1", "expected dollars as a plain decimal"),
    ("+1", "expected dollars as a plain decimal"),
    ("NaN", "expected dollars as a plain decimal"),
    ("inf", "expected dollars as a plain decimal"),
    ("1.2.3", "expected dollars as a plain decimal"),
    ("25EUR", "expected dollars as a plain decimal"),
    ("1,50", "expected dollars as a plain decimal"),
    ("0.0000000001", "a nano-dollar is the smallest unit"),
    ("99999999999999999999", "amount too large"),
];

fn complaint(words: &[&str]) -> Result<String> {
    let output = run(words, "")?;
    assert!(!output.status.success(), "{words:?} was taken");
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_bad_amount_at_the_command_line_is_refused_with_what_was_expected() -> Result<()> {
    let stand = Stand::new()?;
    stand.key("old", json!({ "caps": ["1/day"] }))?;
    let state = stand.state().display().to_string();
    for (bad, said) in BAD {
        let cap = format!("--cap={bad}/day");
        for words in [
            vec!["key", "create", "shop", &cap, "--allow", "any"],
            vec!["key", "set", "old", &cap],
            vec!["key", "raise", "old", &cap, "--until", "1h", "--reason", "r"],
            vec!["team", "create", "crew", &cap],
        ] {
            let told = complaint(&[words.as_slice(), &["--state", &state]].concat())?;
            assert!(told.contains(said), "{words:?}: {told}");
        }
    }
    for (cap, said) in [("--cap=1/day EUR", "`EUR` is not an IANA time zone"), ("--cap=0/day", "a limit of zero is never meant")] {
        let told = complaint(&["key", "create", "shop", cap, "--allow", "any", "--state", &state])?;
        assert!(told.contains(said), "{cap}: {told}");
    }
    assert_eq!(stand.ask("GET", "/v1/keys", None)?.pointer("/keys").and_then(Value::as_array).map(Vec::len), Some(1));
    Ok(())
}

#[test]
fn a_bad_amount_in_the_admin_api_is_refused_with_what_was_expected() -> Result<()> {
    let stand = Stand::new()?;
    stand.key("old", json!({ "caps": ["1/day"] }))?;
    for (bad, said) in BAD {
        let cap = format!("{bad}/day");
        for (method, path, body) in [
            ("POST", "/v1/keys", json!({ "name": "shop", "allow": "any", "caps": [cap] })),
            ("PATCH", "/v1/keys/old", json!({ "caps": [cap] })),
            ("POST", "/v1/keys/old/raise", json!({ "cap": cap, "until": "1h", "reason": "r" })),
            ("POST", "/v1/teams", json!({ "name": "crew", "caps": [cap] })),
        ] {
            let answer = stand.admin(method, path, Some(&body))?;
            assert_eq!((answer.status, answer.body.contains(said)), (422, true), "{method} {path} {body}: {}", answer.body);
        }
    }
    // a number is no amount: it may have been a float before it was written
    for body in [json!({ "name": "shop", "allow": "any", "caps": [25] }), json!({ "name": "shop", "allow": "any", "caps": 0.1 })] {
        assert_eq!(stand.admin("POST", "/v1/keys", Some(&body))?.status, 400, "{body}");
    }
    Ok(())
}

#[test]
fn a_bad_amount_in_the_configuration_is_refused_at_start_with_its_line() -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("tollgate.toml");
    let path = file.to_str().context("an odd folder")?.to_owned();
    let head = "state = \"state\"\n[[upstream]]\nname = \"provider\"\nprofile = \"twocaptcha\"\norigin = \"http://127.0.0.1:9\"\n\
                secret = { env = \"REAL_KEY\" }\n";
    for (bad, said) in BAD {
        for line in [
            format!("cap = [\"{bad}/day\"]"),
            format!("prices = {{ userrecaptcha = \"{bad}\" }}"),
            format!("plan = {{ monthly = \"{bad}\", threads = 5 }}"),
        ] {
            fs::write(&file, format!("{head}{line}\n"))?;
            for verb in ["check", "serve"] {
                let told = complaint(&[verb, "-c", &path])?;
                assert!(told.contains(said) && told.contains(":7:"), "{verb} {line}: {told}");
            }
        }
    }
    fs::write(&file, format!("{head}prices = {{ userrecaptcha = \"0\" }}\n"))?;
    let told = complaint(&["serve", "-c", &path])?;
    assert!(told.contains("a price of zero for `userrecaptcha` would pass every cap"), "{told}");
    Ok(())
}
