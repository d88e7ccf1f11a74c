//! The files under deploy/: what they name of the product is there. No container and no network is needed to say so.

mod compose;
mod kubernetes;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tollgate_tests::{Stand, call, run};

/// A file of the repository.
fn repository(path: &str) -> Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// The value of an instruction of the image's Containerfile.
fn image(instruction: &str) -> Result<String> {
    let text = repository("packaging/Containerfile")?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix(instruction)).with_context(|| format!("no {instruction}"))?;
    Ok(line.trim().to_owned())
}

/// A text at a place.
fn text<'v>(value: &'v Value, place: &str) -> Result<&'v str> {
    value.pointer(place).and_then(Value::as_str).with_context(|| format!("no text at {place} of {value}"))
}

/// A list at a place.
fn list<'v>(value: &'v Value, place: &str) -> Result<&'v Vec<Value>> {
    value.pointer(place).and_then(Value::as_array).with_context(|| format!("no list at {place} of {value}"))
}

/// The words of a command line.
fn words(value: &Value) -> Result<Vec<&str>> {
    value.as_array().context("no list of words")?.iter().map(|word| word.as_str().context("a word that is no text")).collect()
}

/// Whether the binary knows every word of a command line: what it does not know is refused before the help is shown.
fn is_known(words: &[&str]) -> Result<bool> {
    Ok(run(&[words, &["--help"]].concat(), "")?.status.success())
}

/// A configuration as it is in force, and what `check` notes of it; the files that it names are taken to lie in `/run/secrets`.
struct Checked {
    in_force: Value,
    notes: String,
    /// The files under `/run/secrets` that it names.
    files: Vec<String>,
}

const SECRETS: &str = "/run/secrets/";

impl Checked {
    fn of(configuration: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let files: Vec<String> =
            configuration.split(SECRETS).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
        for file in &files {
            fs::write(folder.path().join(file), "")?;
        }
        let here = format!("{}/", folder.path().display());
        let file = folder.path().join("tollgate.toml");
        fs::write(&file, configuration.replace(SECRETS, &here))?;
        let output = run(&["check", "--json", "-c", file.to_str().context("an odd folder")?], "")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout)?;
        let in_force = told.get("in_force").cloned().context("nothing is in force")?;
        Ok(Self { in_force, notes: told.get("notes").map(ToString::to_string).unwrap_or_default(), files })
    }

    fn port(&self) -> Result<u16> {
        Ok(text(&self.in_force, "/listener/0/address")?.rsplit_once(':').context("no port")?.1.parse()?)
    }

    fn state(&self) -> Result<PathBuf> {
        Ok(PathBuf::from(text(&self.in_force, "/state")?))
    }

    /// Seconds that a stop may take.
    fn drain(&self) -> Result<u64> {
        seconds(text(&self.in_force, "/drain")?)
    }
}

fn seconds(text: &str) -> Result<u64> {
    text.strip_suffix('s').and_then(|digits| digits.parse().ok()).with_context(|| format!("`{text}` is not in seconds"))
}

/// The port of a URL.
fn port_of(url: &str) -> Result<u64> {
    let place = url.split("://").nth(1).context("no URL")?.split(['/', '?']).next().unwrap_or_default();
    place.rsplit_once(':').context("no port")?.1.parse().context("no port")
}

/// The gates differ in their names alone.
fn are_alike(configurations: &[&str]) -> bool {
    let without = |text: &str| text.lines().filter(|line| !line.starts_with("instance = ")).map(str::to_owned).collect::<Vec<_>>();
    let mut all = configurations.iter().map(|text| without(text));
    let first = all.next();
    all.all(|other| Some(&other) == first.as_ref())
}

#[test]
fn a_word_or_a_key_that_the_product_does_not_have_is_noticed() -> Result<()> {
    assert!(is_known(&["serve", "-c", "x"])? && is_known(&["--state", "x", "doctor"])?);
    assert!(!is_known(&["serve", "--detach", "-c", "x"])? && !is_known(&["healthcheck"])?);
    let usual = "[[upstream]]\nname = \"p\"\nprofile = \"captchaai\"\norigin = \"https://ocr.captchaai.com\"\nsecret = { file = \"/run/secrets/k\" }\n";
    assert_eq!(Checked::of(usual)?.files, ["k"]);
    assert!(Checked::of(&format!("healthcheck = true\n{usual}")).is_err());
    Ok(())
}

#[test]
fn every_probed_path_answers_on_a_listener() -> Result<()> {
    let stand = Stand::new()?;
    for path in kubernetes::probed()? {
        let answer = call(stand.at, &path)?;
        assert_eq!((answer.status, answer.denied()), (200, None), "{path}: {}", answer.body);
    }
    assert!(call(stand.at, "/livez")?.denied().is_some(), "and no other");
    Ok(())
}
