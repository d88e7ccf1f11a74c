//! A wrong configuration, place or store: every mistake at once, each with its line and what would be right; nothing is touched.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Place, REAL_KEY, run};

/// Wrong in every line but those of the headers; behind `#`, what must be said of it.
const WRONG: &str = r#"state = 3 # not a path
stoer = "sqlite" # did you mean `store`
store = "postgres://x" # postgres://gate@
rates = "redis://x" # the clear beyond this machine
drain = 30 # not a duration
retain = "1d" # not built yet
workers = 0 # between 1 and
pepper = "0123456789abcdef0123456789abcdef" # not a source
[[listener]]
address = "0.0.0.0:8080" # insecure = true
upstream = "nobody" # no upstream `nobody`
[[listener]]
address = "localhost:80" # expected an address and a port
tls = "maybe" # is not `"self"`
client_ca = "x" # not built yet
proxy_protocol = true # not built yet
[[listener]]
address = "127.0.0.1:9999"
tls = { cert = "c.pem" } # has no `key`
[network]
trusted_proxies = ["0.0.0.0/0"] # every client
forwarded_header = "via" # x-forwarded-for
sets = { office = ["1.2.3"] } # address block
[admin]
address = "0.0.0.0:8081" # SSH tunnel
tls = "self" # not built yet
[[upstream]]
name = "Captcha AI" # a name is
profile = "twocapcha" # did you mean `twocaptcha`
origin = "http://example.com" # plain http beyond loopback
secret = "0123456789abcdef0123456789abcdef" # never stands in this file
prices = { userrecaptcha = 0.0029 } # dollars
cap = "50/day" # list of caps
concurrency = -1 # between 1 and
floor = 3 # unknown key
[[upstream]]
name = "b"
profile = "captchaai"
origin = "https://user:pass@example.com" # an origin has no user
secret = { env = "X", file = "y" } # exactly one of
plan = { monthly = "90" } # no `threads`
egress = { source = "1.2.3.4" } # not built yet
rotation = { watch = true } # not built yet
cap = ["50/dya"] # 25/day
tasks = ["10/day Europe/Berlinn"] # IANA time zone
[audit]
durability = "maybe" # `process` or `power`
[limits]
head = 16 # 16KiB
connections = "x" # whole number
[alerts] # not built yet
"#;

#[test]
fn every_mistake_is_named_at_once_with_its_line_and_what_would_be_right() -> Result<()> {
    let place = Place::with(WRONG)?;
    let before = files(place.path())?;
    let (code, said) = place.refusal(&["check"])?;
    assert_eq!(code, 2, "{said}");
    let mut wrong = 0;
    for (line, word) in WRONG.lines().enumerate().filter_map(|(at, line)| Some((at + 1, line.split_once(" # ")?.1))) {
        wrong += 1;
        // a mistake is a line with its place, and a hint below it
        let of_line = format!("tollgate.toml:{line}:");
        let lines: Vec<&str> = said.lines().collect();
        let told = lines.iter().enumerate().filter(|(_, text)| text.contains(&of_line));
        let with_hint = |(at, text): (usize, &&str)| {
            let hint = lines.get(at + 1).filter(|next| next.starts_with("  hint: ")).copied().unwrap_or_default();
            format!("{text} {hint}")
        };
        let words: Vec<String> = told.map(with_hint).collect();
        assert!(words.iter().any(|text| text.contains(word)), "line {line}, `{word}`: {words:?}\n{said}");
    }
    assert!(wrong > 35, "{wrong}");
    assert!(
        !said.contains("0123456789abcdef") && !said.contains("user:pass"),
        "a secret that stands in the wrong place is not repeated: {said}"
    );
    // `serve` says the same, and neither has touched anything
    assert_eq!(place.refusal(&["serve"])?, (2, said.clone()));
    assert_eq!(files(place.path())?, before);
    // and a program reads it
    let output = run(&["check", "--json", "-c", place.file()], "")?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let mistakes = told.get("mistakes").and_then(Value::as_array).context("no mistakes")?;
    assert!(mistakes.len() >= wrong && mistakes.iter().all(|one| one.get("line").is_some_and(Value::is_u64)), "{told}");
    assert_eq!((output.status.code(), told.get("valid")), (Some(2), Some(&json!(false))));
    Ok(())
}

#[test]
fn a_file_that_is_none_is_said_in_one_sentence() -> Result<()> {
    for (bytes, word) in [
        (&b"state = \"s\"\n[[listener]\n"[..], "not TOML"),
        (b"\xff\xfe\x00state", "UTF-8"),
        (b"", "no upstream"),
        (b"state = \"a\"\nstate = \"b\"\n", "tollgate.toml:2:"),
    ] {
        let place = Place::new()?;
        fs::write(place.file(), bytes)?;
        for verb in ["check", "serve"] {
            let (code, said) = place.refusal(&[verb])?;
            assert!(code == 2 && said.contains(word) && said.contains("tollgate.toml:"), "{word}: {code} {said}");
        }
    }
    for (file, word) in [("/nowhere/tollgate.toml", "tollgate init"), ("/", "tollgate init")] {
        let output = run(&["check", "-c", file], "")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains("hint:") && said.contains(word), "{said}");
    }
    Ok(())
}

#[test]
fn what_init_writes_is_right_and_nothing_is_written_over() -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let at = folder.path().join("gate");
    let dir = at.display().to_string();
    assert!(run(&["init", &dir], "")?.status.success());
    let before = files(&at)?;
    assert!(run(&["check", "-c", &at.join("tollgate.toml").display().to_string()], "")?.status.success());
    let again = run(&["init", &dir], "")?;
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("hint:"));
    assert_eq!(files(&at)?, before);
    let mode = |name: &str| fs::metadata(at.join(name)).map(|data| data.permissions().mode() & 0o777);
    assert_eq!((mode("state")?, mode("state/admin.token")?, mode("state/ca.key")?), (0o700, 0o600, 0o600));
    Ok(())
}

#[test]
fn a_port_in_use_is_said_in_one_sentence_with_a_hint_for_each_door() -> Result<()> {
    let place = Place::new()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    for flag in ["--listen", "--admin"] {
        let (code, said) = place.refusal(&["serve", flag, &address])?;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&address) && said.contains(flag) && said.contains("port 0"), "{said}");
    }
    let output = run(&["sandbox", "--listen", &address], "")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains(&address) && said.contains("--listen"), "{said}");
    // and the next start, on a free one, is none the worse for it
    place.serve()?;
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_said_in_one_sentence() -> Result<()> {
    for (state, word) in [("/proc/tollgate", "/proc/tollgate"), ("real.key/state", "real.key/state"), ("/dev/null", "/dev/null")] {
        let place = Place::new()?;
        fs::write(place.file(), fs::read_to_string(place.file())?.replacen("\"state\"", &format!("\"{state}\""), 1))?;
        let (code, said) = place.refusal(&["serve"])?;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(word) && sentences(&said) <= 2, "{said}");
        assert_eq!(fs::read_to_string(place.path().join("real.key"))?, REAL_KEY);
    }
    let output = run(&["init", "/proc/tollgate"], "")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("/proc/tollgate") && sentences(&said) <= 2, "{said}");
    Ok(())
}

#[test]
fn a_state_folder_that_others_may_write_to_is_not_used() -> Result<()> {
    for (name, mode) in [("state", 0o777), ("state/admin.token", 0o644), ("state/ca.key", 0o640)] {
        let place = Place::new()?;
        place.serve()?.stop()?;
        let path = place.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        let (code, said) = place.refusal(&["serve"])?;
        assert!(code == 1 && said.contains(name) && sentences(&said) <= 2, "{said}");
    }
    Ok(())
}

#[test]
fn ft_04_a_store_that_is_foreign_or_broken_is_refused_and_left_as_it_was() -> Result<()> {
    let letter = "this is a letter, not a database\n".repeat(200).into_bytes();
    let mut broken = database()?;
    // the page of the schema, torn
    broken.get_mut(100..3_000).context("a short database")?.fill(0xa5);
    let mut newer = database()?;
    // `PRAGMA user_version` of a later program (SQLite file format, offset 60)
    newer.get_mut(60..64).context("a short database")?.copy_from_slice(&9_999_u32.to_be_bytes());
    let mut foreign = database()?;
    // `PRAGMA application_id` of another program (offset 68)
    foreign.get_mut(68..72).context("a short database")?.copy_from_slice(b"Fosl");
    let cut = database()?.get(..6_000).context("a short database")?.to_vec();
    for (what, content) in [("a letter", letter), ("torn", broken), ("newer", newer), ("foreign", foreign), ("cut", cut)] {
        let place = Place::new()?;
        let state = place.path().join("state");
        fs::create_dir(&state)?;
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700))?;
        place.private("state/tollgate.db", &content)?;
        let (code, said) = place.refusal(&["serve"])?;
        assert_eq!(code, 1, "{what}: {said}");
        assert!(said.contains("tollgate.db") && sentences(&said) <= 2, "{what}: {said}");
        assert!(fs::read(state.join("tollgate.db"))? == content, "{what}: it was written to");
    }
    Ok(())
}

/// The database of a gate that has ended well.
fn database() -> Result<Vec<u8>> {
    let place = Place::new()?;
    place.serve()?.stop()?;
    Ok(fs::read(place.path().join("state/tollgate.db"))?)
}

/// Lines that are neither a note nor a message of a start that goes well so far.
fn sentences(said: &str) -> usize {
    said.lines().filter(|line| !line.starts_with("note: ") && !line.contains(" INFO ")).count()
}

/// Every file under a folder, with its bytes.
fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push((path.display().to_string(), fs::read(&path)?));
        }
    }
    all.sort();
    Ok(all)
}
