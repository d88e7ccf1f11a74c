//! A sandbox with a gate in front of it, on free ports and in a temporary folder.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate_model::Money;

use crate::http::{Answer, call, unix};
use crate::process::{Process, binary, fault_binary};

/// What is different from the usual stand.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The profile.
    pub profile: &'a str,
    /// Further lines of the upstream.
    pub upstream: &'a str,
    /// Further lines of the file, sections first.
    pub more: &'a str,
    /// What the sandbox charges, and the gate's table says, for what the tests buy.
    pub price: &'a str,
    /// The provider that the gate sends to, if not the sandbox.
    pub origin: Option<SocketAddr>,
    /// The provider's origin as it is written, if it is no address with plain http.
    pub url: Option<&'a str>,
    /// Further lines above the first section.
    pub top: &'a str,
    /// The gate's environment beside the test's own.
    pub environment: &'a [(&'a str, &'a str)],
    /// Whether the gate is the one that dies at named points.
    pub fault: bool,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            profile: "twocaptcha",
            upstream: "",
            more: "",
            price: "0.10",
            origin: None,
            url: None,
            top: "",
            environment: &[],
            fault: false,
        }
    }
}

/// A sandbox and a gate.
pub struct Stand {
    /// The provider.
    pub sandbox: Process,
    /// The gate.
    pub gate: Process,
    /// The provider's address.
    pub provider: SocketAddr,
    /// The gate's first listener.
    pub at: SocketAddr,
    /// Its TLS listener.
    pub tls: SocketAddr,
    /// The key that only the gate should know.
    pub real_key: String,
    folder: TempDir,
    binary: PathBuf,
}

/// The name of the one upstream.
const UPSTREAM: &str = "provider";

impl Stand {
    /// The usual stand.
    pub fn new() -> Result<Self> {
        Self::with(Setup::default())
    }

    /// A stand with differences.
    pub fn with(setup: Setup<'_>) -> Result<Self> {
        let folder = TempDir::new()?;
        let sandbox = Process::start(&["sandbox", "--listen", "127.0.0.1:0"], &[])?;
        let provider = sandbox.address("sandbox")?;
        let real_key = sandbox.ready.get("real_key").and_then(Value::as_str).context("no real key")?.to_owned();
        write_private(&folder.path().join("real.key"), &real_key)?;
        fs::write(folder.path().join("tollgate.toml"), configuration(provider, &setup))?;
        let binary = if setup.fault { fault_binary() } else { binary() };
        let gate = serve(&binary, folder.path(), "127.0.0.1:0", &[], setup.environment)?;
        let (at, tls) = (gate.address("gate")?, gate.address("gate_tls")?);
        let stand = Self { sandbox, gate, provider, at, tls, real_key, folder, binary };
        stand.mode(&json!({ "price": setup.price }))?;
        // of dialect v2 two families differ
        if setup.profile == "capsolver" {
            stand.mode(&json!({ "family": setup.profile }))?;
        }
        Ok(stand)
    }

    /// The folder of configuration and state.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The audit log's folder.
    pub fn audit(&self) -> PathBuf {
        self.state().join("audit")
    }

    /// SIGKILL, and a new start on the same folder and port; gives how long the start took.
    pub fn kill_and_restart(&mut self) -> Result<Duration> {
        self.gate.kill()?;
        self.restart()
    }

    /// A start on the same folder and port.
    pub fn restart(&mut self) -> Result<Duration> {
        self.restart_with(&[])
    }

    /// The same with further variables of the environment.
    pub fn restart_with(&mut self, environment: &[(&str, &str)]) -> Result<Duration> {
        self.restart_as(&[], environment)
    }

    /// The same with further words of `serve`.
    pub fn restart_as(&mut self, words: &[&str], environment: &[(&str, &str)]) -> Result<Duration> {
        let began = crate::process::instant();
        self.gate = serve(&self.binary, self.folder.path(), &self.at.to_string(), words, environment)?;
        self.tls = self.gate.address("gate_tls")?;
        Ok(began.elapsed())
    }

    /// One call of the admin API.
    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        unix(&self.state().join("admin.sock"), method, path, body)
    }

    /// The same, which must succeed.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.admin(method, path, body)?;
        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        if answer.body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&answer.body)?) }
    }

    /// Makes a key that may be used from this machine, with these terms beside; gives its secret.
    pub fn key(&self, name: &str, terms: Value) -> Result<String> {
        let Value::Object(mut body) = terms else { bail!("terms are an object") };
        body.entry("allow").or_insert_with(|| json!(["127.0.0.1/32"]));
        body.insert("name".to_owned(), json!(name));
        let made = self.ask("POST", "/v1/keys", Some(&Value::Object(body)))?;
        Ok(made.get("key").and_then(Value::as_str).context("no key in the answer")?.to_owned())
    }

    /// Changes what the provider does.
    pub fn mode(&self, change: &Value) -> Result<()> {
        let body = change.to_string();
        let request = format!(
            "PUT /_sandbox/mode HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = crate::http::exchange(self.provider, request.as_bytes())?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        Ok(())
    }

    /// Replaces the real key's file, as an operator would; the gate takes it up within a second.
    pub fn put_real_key(&self, key: &str) -> Result<()> {
        let fresh = self.folder().join("real.key.new");
        let _ = fs::remove_file(&fresh);
        write_private(&fresh, key)?;
        Ok(fs::rename(fresh, self.folder().join("real.key"))?)
    }

    /// The provider's books.
    pub fn books(&self) -> Result<Value> {
        Ok(serde_json::from_str(&call(self.provider, "/_sandbox/books")?.body)?)
    }

    /// What the provider charged, by its own books.
    pub fn charged(&self) -> Result<Money> {
        let books = self.books()?;
        Ok(Money::parse(books.get("charged").and_then(Value::as_str).context("no sum")?)?)
    }

    /// Every request that the provider received.
    pub fn received(&self) -> Result<Vec<Value>> {
        Ok(serde_json::from_str(&call(self.provider, "/_sandbox/requests")?.body)?)
    }

    /// The audit log's lines that hold this text, once they are written.
    pub fn lines(&self, text: &str) -> Result<Vec<Value>> {
        std::thread::sleep(Duration::from_millis(1_200));
        let found = tollgate_audit::find(&self.audit(), text.as_bytes(), 10_000)?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }
}

/// An opening of one minute on the weekday before yesterday, by an answer's own instant (its id begins with it): closed now, in
/// every zone.
pub fn closed_hours(answer: &Answer) -> Result<String> {
    let digits: String = answer.id().chars().filter(char::is_ascii_hexdigit).take(12).collect();
    let millis = i64::from_str_radix(&digits, 16)?;
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let day = days.get(usize::try_from(millis / 86_400_000 + 5)? % days.len()).context("no such day")?;
    Ok(format!("{day} 03:00-03:01 UTC"))
}

/// A submission's target.
pub fn submission(key: &str) -> String {
    format!("/in.php?key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/")
}

/// A poll's target.
pub fn poll(key: &str, task: &str) -> String {
    format!("/res.php?key={key}&action=get&id={task}")
}

fn serve(binary: &Path, folder: &Path, listen: &str, words: &[&str], environment: &[(&str, &str)]) -> Result<Process> {
    let file = folder.join("tollgate.toml");
    let file = file.to_str().context("an odd folder")?;
    let usual = ["serve", "-c", file, "--listen", listen, "--admin", "127.0.0.1:0"];
    Process::start_as(binary, &[&usual, words].concat(), environment)
}

fn configuration(provider: SocketAddr, setup: &Setup<'_>) -> String {
    let Setup { profile, upstream, more, price, origin, url, top, .. } = setup;
    let origin = url.map_or_else(|| format!("http://{}", origin.unwrap_or(provider)), ToOwned::to_owned);
    format!(
        r#"state = "state"
{top}

[[listener]]
address = "127.0.0.1:0"
upstream = "{UPSTREAM}"

[[listener]]
address = "127.0.0.1:0"
upstream = "{UPSTREAM}"
tls = "self"

[[upstream]]
name = "{UPSTREAM}"
profile = "{profile}"
origin = "{origin}"
secret = {{ file = "real.key" }}
prices = {{ {} }}
{upstream}

{more}
"#,
        bought(profile).map(|method| format!("{method} = \"{price}\"")).join(", ")
    )
}

/// What the tests buy at a provider of this profile.
fn bought(profile: &str) -> [&'static str; 3] {
    match profile {
        "anticaptcha" => ["RecaptchaV2TaskProxyless", "NoCaptchaTaskProxyless", "ImageToTextTask"],
        "capsolver" => ["ReCaptchaV2TaskProxyLess", "AntiTurnstileTaskProxyLess", "ImageToTextTask"],
        _ => ["userrecaptcha", "base64", "post"],
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())?;
    Ok(())
}
