//! `tollgate apply`: a file of teams and keys against a running gate, shown, done, cut and done again.

mod middle;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Stand, call, run, run_with, submission, unix};

use middle::middle;

/// A run of `tollgate apply`.
#[derive(Debug)]
struct Came {
    code: i32,
    out: String,
    err: String,
}

/// A stand with a file beside it.
struct Declared {
    stand: Stand,
}

const FILE: &str = r#"secrets = "new"

[[team]]
name = "crew"
caps = ["400/month"]

[[key]]
name = "shop"
team = "crew"
allow = ["127.0.0.0/8"]
caps = ["25/day", "100/total"]
rate = "60/min burst 6"
expires = "90d"
"#;

impl Declared {
    fn new(file: &str) -> Result<Self> {
        let declared = Self { stand: Stand::new()? };
        declared.write(file)?;
        Ok(declared)
    }

    fn file(&self) -> PathBuf {
        self.stand.folder().join("keys.toml")
    }

    fn write(&self, file: &str) -> Result<()> {
        Ok(fs::write(self.file(), file)?)
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.stand.folder().join("new").join(name)
    }

    fn apply(&self, words: &[&str]) -> Result<Came> {
        let (state, file) = (self.stand.state().display().to_string(), self.file().display().to_string());
        came(&run(&[&["--state", &state, "apply", &file], words].concat(), "")?)
    }

    /// The same through somebody in the middle.
    fn apply_over(&self, middle: SocketAddr, words: &[&str]) -> Result<Came> {
        let token = fs::read_to_string(self.stand.state().join("admin.token"))?;
        let file = self.file().display().to_string();
        let environment = [("TOLLGATE_ADDR", format!("http://{middle}")), ("TOLLGATE_TOKEN", token)];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        came(&run_with(&[&["apply", &file], words].concat(), "", &environment)?)
    }

    fn version(&self, name: &str) -> Result<Value> {
        Ok(self.stand.ask("GET", &format!("/v1/keys/{name}"), None)?.get("version").cloned().unwrap_or_default())
    }
}

fn came(output: &std::process::Output) -> Result<Came> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Came { code: output.status.code().context("a signal")?, out: text(&output.stdout), err: text(&output.stderr) })
}

#[test]
fn a_file_is_shown_then_done_and_done_again_it_changes_nothing() -> Result<()> {
    let declared = Declared::new(FILE)?;
    let stand = &declared.stand;
    stand.key("by-hand", json!({ "caps": ["1/day"] }))?;
    let shown = declared.apply(&["--dry-run"])?;
    assert_eq!(shown.code, 4, "{shown:?}");
    for word in ["make the team `crew`", "make the key `shop`", "25/day, 100/total", "2 to make, 0 to change", "left alone: key `by-hand`"]
    {
        assert!(shown.out.contains(word), "{word}: {shown:?}");
    }
    assert_eq!(stand.admin("GET", "/v1/keys/shop", None)?.status, 404, "it was only shown");
    assert!(!declared.secret("shop.key").exists());
    let asked = declared.apply(&[])?;
    assert!(asked.code == 2 && asked.err.contains("--yes"), "{asked:?}");
    let done = declared.apply(&["--yes"])?;
    let secret = fs::read_to_string(declared.secret("shop.key"))?;
    assert!(done.code == 0 && done.out.contains("2 made") && !done.out.contains("tgk_") && !done.err.contains("tgk_"), "{done:?}");
    assert_eq!(fs::metadata(declared.secret("shop.key"))?.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(stand.folder().join("new"))?.count(), 1);
    assert!(call(stand.at, &submission(&secret))?.task().is_some(), "the secret is the key's");
    let before = declared.version("shop")?;
    let again = declared.apply(&["--yes"])?;
    assert!(again.code == 0 && again.out.contains("0 to make, 0 to change, 2 untouched"), "{again:?}");
    assert_eq!((declared.apply(&["--dry-run"])?.code, declared.version("shop")?), (0, before));
    Ok(())
}

#[test]
fn a_change_is_told_field_by_field_and_what_the_file_does_not_say_is_taken_away_but_for_raises() -> Result<()> {
    let declared = Declared::new(FILE)?;
    let stand = &declared.stand;
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    stand.ask("POST", "/v1/keys/shop/raise", Some(&json!({ "cap": "50/day", "until": "4h", "reason": "the launch" })))?;
    stand.ask("PATCH", "/v1/keys/shop", Some(&json!({ "note": "set by hand" })))?;
    declared.write(&FILE.replace("25/day", "30/day").replace("rate = \"60/min burst 6\"\n", ""))?;
    let shown = declared.apply(&["--dry-run", "--json"])?;
    let told: Value = serde_json::from_str(&shown.out)?;
    let fields = json!([
        { "field": "caps", "from": "25/day, 100/total", "to": "30/day, 100/total" },
        { "field": "rate", "from": "60/min burst 6", "to": "-" },
        { "field": "note", "from": "set by hand", "to": "-" },
    ]);
    assert_eq!(told.get("steps"), Some(&json!([{ "do": "change", "kind": "key", "name": "shop", "fields": fields }])), "{shown:?}");
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    let terms = stand.ask("GET", "/v1/keys/shop", None)?.get("terms").cloned().context("no terms")?;
    assert_eq!((terms.pointer("/limits/caps/0"), terms.get("note"), terms.pointer("/limits/rate")), (Some(&json!("30/day")), None, None));
    assert_eq!(terms.pointer("/limits/raises/0/to/cap"), Some(&json!("50/day")), "a raise is nobody's file's");
    assert_eq!(declared.apply(&["--dry-run"])?.code, 0);
    let log: Vec<_> = stand.lines("key_set")?.into_iter().filter_map(|line| line.pointer("/event/outcome").cloned()).collect();
    assert!(log.contains(&json!("success")), "it is in the log as every change is: {log:?}");
    Ok(())
}

#[test]
fn one_mistake_and_nothing_is_changed() -> Result<()> {
    let wrong = "[[key]]\nname = \"ci\"\nteam = \"nobody\"\nallow = [\"127.0.0.1\", \"300.1.1.1\"]\ncaps = [\"1/day\", \"1/dya\"]\n\n\
                 [[key]]\nname = \"cd\"\nallow = \"any\"\nmethods = [\"nothing\"]\n\n[[key]]\nname = \"gone\"\nallow = \"any\"\ncaps = \"none\"\n";
    let declared = Declared::new(&FILE.replace("secrets = \"new\"\n", wrong))?;
    let stand = &declared.stand;
    stand.key("gone", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/gone/revoke", None)?;
    for words in [&["--yes"][..], &["--dry-run"]] {
        let came = declared.apply(words)?;
        assert_eq!((came.code, came.out.as_str()), (2, ""), "{came:?}");
        for place in [
            ":3:8: there is no team `nobody`",
            ":4:23: `allow`",
            ":5:18: `caps`",
            ":7:1: `cd`: nothing bounds",
            ":13:8: `name`: the key `gone` is revoked",
        ] {
            assert!(came.err.contains(place), "{place}: {came:?}");
        }
    }
    assert_eq!(stand.admin("GET", "/v1/teams/crew", None)?.status, 404);
    declared.write("[[key]]\nname = \"ci\"\nnmae = \"x\"\n[[key]]\nname = \"ci\"\n")?;
    let came = declared.apply(&["--yes"])?;
    assert!(came.code == 2 && came.err.contains(":3:1: unknown key `nmae`") && came.err.contains(":5:8: a second key `ci`"), "{came:?}");
    Ok(())
}

#[test]
fn a_run_that_is_cut_between_the_gate_and_the_file_loses_no_secret() -> Result<()> {
    let mut declared = Declared::new(FILE)?;
    let cut = middle(&declared.stand, |request| !request.starts_with("POST /v1/keys "))?;
    let came = declared.apply_over(cut, &["--yes"])?;
    assert!(came.code == 1 && came.err.contains("the key `shop`") && came.err.contains("1 of 2 steps"), "{came:?}");
    assert!(!declared.secret("shop.key").exists() && declared.secret("shop.key.pending").exists());
    assert_eq!(declared.stand.admin("GET", "/v1/keys/shop", None)?.status, 200, "the gate has made it");
    let shown = declared.apply(&["--dry-run"])?;
    assert!(shown.code == 4 && shown.out.contains("fetch the secret of the key `shop`"), "{shown:?}");
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    let secret = fs::read_to_string(declared.secret("shop.key"))?;
    assert!(call(declared.stand.at, &submission(&secret))?.task().is_some());
    assert!(!declared.secret("shop.key.pending").exists());
    assert_eq!(declared.apply(&["--dry-run"])?.code, 0);

    // where the gate has died meanwhile it no longer knows: whose the key is is for a person to say
    declared.write(&FILE.replace("\"shop\"", "\"second\""))?;
    let cut = middle(&declared.stand, |request| !request.starts_with("POST /v1/keys "))?;
    assert_eq!(declared.apply_over(cut, &["--yes"])?.code, 1);
    declared.stand.kill_and_restart()?;
    let lost = declared.apply(&["--yes"])?;
    assert!(lost.code == 1 && lost.err.contains("tollgate key rotate second --now"), "{lost:?}");
    fs::remove_file(declared.secret("second.key.pending"))?;
    assert_eq!(declared.apply(&["--dry-run"])?.code, 0);
    Ok(())
}

#[test]
fn what_somebody_else_changes_between_the_look_and_the_act_is_never_overwritten() -> Result<()> {
    let declared = Declared::new(FILE)?;
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    declared.write(&FILE.replace("25/day", "30/day"))?;
    let socket = declared.stand.state().join("admin.sock");
    let between = middle(&declared.stand, move |request| {
        if request.starts_with("PATCH ") {
            let _ = unix(&socket, "PATCH", "/v1/keys/shop", Some(&json!({ "caps": ["7/day"] })));
        }
        true
    })?;
    let came = declared.apply_over(between, &["--yes"])?;
    assert!(came.code == 1 && came.err.contains("0 of 1 steps") && came.err.contains("read it again"), "{came:?}");
    let shown = declared.stand.ask("GET", "/v1/keys/shop", None)?;
    assert_eq!(shown.pointer("/terms/limits/caps"), Some(&json!(["7/day"])));
    let shown = declared.apply(&["--dry-run"])?;
    assert!(shown.code == 4 && shown.out.contains("7/day -> 30/day, 100/total"), "{shown:?}");
    Ok(())
}

#[test]
fn a_new_secret_has_a_place_that_is_free_or_nothing_is_made() -> Result<()> {
    let declared = Declared::new(&FILE.replace("secrets = \"new\"\n", ""))?;
    let nowhere = declared.apply(&["--yes"])?;
    assert!(nowhere.code == 2 && nowhere.err.contains("--secrets DIR"), "{nowhere:?}");
    let folder = declared.stand.folder().join("else");
    fs::create_dir(&folder)?;
    fs::write(folder.join("shop.key"), "an old one")?;
    let folder = folder.display().to_string();
    let taken = declared.apply(&["--yes", "--secrets", &folder])?;
    assert!(taken.code == 1 && taken.err.contains("never written over"), "{taken:?}");
    let vault = declared.apply(&["--yes", "--secrets", "vault:secret/keys"])?;
    assert!(vault.code == 2 && vault.err.contains("not built yet"), "{vault:?}");
    assert_eq!(declared.stand.admin("GET", "/v1/teams/crew", None)?.status, 404, "nothing was made");
    assert_eq!(fs::read_to_string(declared.stand.folder().join("else/shop.key"))?, "an old one");
    let done = declared.apply(&["--yes", "--json", "--secrets", &declared.stand.folder().join("third").display().to_string()])?;
    let told: Value = serde_json::from_str(&done.out)?;
    assert_eq!((done.code, told.pointer("/secrets/0/key")), (0, Some(&json!("shop"))), "{done:?}");
    assert!(!done.out.contains("tgk_"));
    Ok(())
}

#[test]
fn a_secret_that_was_rotated_since_a_cut_run_is_not_kept_as_the_keys() -> Result<()> {
    let declared = Declared::new(FILE)?;
    let cut = middle(&declared.stand, |request| !request.starts_with("POST /v1/keys "))?;
    assert_eq!(declared.apply_over(cut, &["--yes"])?.code, 1);
    declared.stand.ask("POST", "/v1/keys/shop/rotate", Some(&json!({ "now": true })))?;
    let came = declared.apply(&["--yes"])?;
    assert!(came.code == 1 && came.err.contains("it was rotated since"), "{came:?}");
    assert!(!declared.secret("shop.key").exists());
    Ok(())
}

#[test]
fn a_limit_that_moves_from_a_team_to_its_key_is_given_before_it_is_taken() -> Result<()> {
    let declared = Declared::new(&FILE.replace("caps = [\"25/day\", \"100/total\"]", "caps = \"none\""))?;
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    declared.write(&FILE.replace("caps = [\"400/month\"]", "tasks = [\"90/day\"]"))?;
    // cut at the first word about the key: the team has its new limit, and still the old one
    let cut = middle(&declared.stand, |request| !request.starts_with("PATCH /v1/keys/"))?;
    let came = declared.apply_over(cut, &["--yes"])?;
    assert!(came.code == 1 && came.err.contains("1 of 3 steps"), "{came:?}");
    let team = declared.stand.ask("GET", "/v1/teams/crew", None)?.to_string();
    assert!(team.contains("400/month") && team.contains("90/day"), "{team}");
    assert_eq!(declared.apply(&["--yes"])?.code, 0);
    let team = declared.stand.ask("GET", "/v1/teams/crew", None)?.to_string();
    assert!(!team.contains("400/month") && team.contains("90/day"), "{team}");
    Ok(())
}
