//! The gate of the demonstration: this same binary as `tollgate serve`, on a state folder that goes with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_admin::client::Client;

use crate::authority;
use crate::command::init;

/// The name of the one upstream.
pub(super) const UPSTREAM: &str = "provider";

/// A running gate.
pub(super) struct Gate {
    child: Child,
    state: PathBuf,
    address: SocketAddr,
}

impl Gate {
    /// Writes a configuration in front of the sandbox and starts the gate.
    pub(super) fn start(sandbox: SocketAddr, real_key: &str, price: &str) -> Result<Self> {
        let name = init::draw("demo").context("the system's random generator does not answer")?;
        let state = std::env::temp_dir().join(format!("tollgate-{}", name.expose()));
        init::prepare_state(&state)?;
        authority::write_private(&state.join("real.key"), real_key.as_bytes())?;
        let text = configuration(sandbox, price);
        fs::write(state.join("tollgate.toml"), text)?;
        let (child, address) = launch(&state, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self { child, state, address })
    }

    /// Its first listener.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its first listener, as a URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its state folder.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// Kills it as a crash would (SIGKILL), and starts it anew on the same folder and port; gives the time it was away.
    pub(super) fn kill_and_restart(&mut self) -> Result<()> {
        self.child.kill().context("the gate cannot be killed")?;
        self.child.wait()?;
        let (child, address) = launch(&self.state, self.address)?;
        (self.child, self.address) = (child, address);
        Ok(())
    }

    /// One call of the admin API.
    pub(super) async fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let client = Client::Socket(self.state.join("admin.sock"));
        client.call(method, path, body).await.with_context(|| format!("{method} {path}"))
    }

    /// Makes a key; gives its secret.
    pub(super) async fn create_key(&self, name: &str, terms: &Value) -> Result<String> {
        let mut body = terms.clone();
        let members = body.as_object_mut().context("terms are an object")?;
        members.insert("name".to_owned(), json!(name));
        let made = self.admin("POST", "/v1/keys", Some(&body)).await?;
        Ok(made.get("key").and_then(Value::as_str).context("no key in the answer")?.to_owned())
    }

    /// Ends it in order.
    pub(super) fn stop(&mut self) -> Result<()> {
        tollgate_sys::terminate(self.child.id()).context("cannot end the gate")?;
        ensure!(self.child.wait()?.success(), "the gate did not end well");
        fs::remove_dir_all(&self.state).context("the state folder cannot be taken away")
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.state);
    }
}

/// This program, to be started again as the gate.
pub(super) fn program() -> Result<PathBuf> {
    std::env::current_exe().context("this program cannot find itself")
}

fn launch(state: &Path, listen: SocketAddr) -> Result<(Child, SocketAddr)> {
    let mut child = Command::new(program()?)
        .args(["serve", "--json", "-c"])
        .arg(state.join("tollgate.toml"))
        .args(["--listen", &listen.to_string(), "--admin", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("the gate cannot be started")?;
    let mut line = String::new();
    let out = child.stdout.take().context("the gate has no output")?;
    BufReader::new(out).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line).context("the gate did not become ready: `tollgate check` may say why")?;
    let url = ready.get("gate").and_then(Value::as_str).and_then(|url| url.strip_prefix("http://")).context("the gate has no address")?;
    Ok((child, url.parse()?))
}

fn configuration(sandbox: SocketAddr, price: &str) -> String {
    format!(
        r#"state = "."

[[listener]]
address = "127.0.0.1:0"
upstream = "{UPSTREAM}"

[[upstream]]
name = "{UPSTREAM}"
profile = "twocaptcha"
origin = "http://{sandbox}"
secret = {{ file = "real.key" }}
prices = {{ userrecaptcha = "{price}" }}
balance_every = "1s"

[limits]
calls_per_key = 1000
"#
    )
}

/// Long enough for every line that nobody waits for to be written.
pub(super) const LINES_WRITTEN: Duration = Duration::from_millis(1_500);
