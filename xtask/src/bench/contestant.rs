//! Who competes: a provider stand-in (nginx), bare nginx in front of it, and the gate in front of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::repository::Repository;
use crate::step;

/// A running server.
pub(super) struct Contestant {
    pub(super) address: SocketAddr,
    pub(super) pid: u32,
    child: Child,
    /// How it is told to stop; a killed nginx would leave its workers behind.
    stop: Option<Command>,
}

impl Drop for Contestant {
    fn drop(&mut self) {
        if self.stop.as_mut().is_none_or(|stop| stop.status().is_err()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// All of them, and the keys that the gate knows.
pub(super) struct Ground {
    pub(super) upstream: Contestant,
    pub(super) nginx: Contestant,
    pub(super) gate: Contestant,
    pub(super) keys: Vec<String>,
}

impl Ground {
    /// Starts everything on free loopback ports, in a folder under the target folder.
    pub(super) fn prepare(at: &Repository, keys: usize) -> Result<Self> {
        let binary = release(at)?;
        let folder = at.target.join("bench");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let upstream = nginx(&folder.join("upstream"), 1, STAND_IN)?;
        let bare = BARE.replace("UPSTREAM", &upstream.address.to_string());
        let nginx = nginx(&folder.join("nginx"), 2, &bare)?;
        let (gate, keys) = gate(&binary, &folder.join("gate"), upstream.address, keys)?;
        Ok(Self { upstream, nginx, gate, keys })
    }
}

/// The binary in `TOLLGATE_BIN`, else the release build: a figure of anything else would not be the product's.
fn release(at: &Repository) -> Result<PathBuf> {
    if let Some(path) = step::variable("TOLLGATE_BIN") {
        return Ok(path.into());
    }
    step::passes(&mut at.cargo(["build", "--quiet", "--release", "--locked", "--package", "tollgate"]))?;
    Ok(at.target.join("release").join("tollgate"))
}

/// Ids are used once: a connection's number is never given twice, nor is a request's within it.
const STAND_IN: &str = r#"server {
    listen LISTEN;
    location = /in.php { return 200 "OK|${connection}0000${connection_requests}"; }
    location = /res.php {
        if ($arg_action = "get2") { return 200 "OK|03AGdBq24PBCbwiDRaS_MJ7Z|0.00299"; }
        return 200 "OK|03AGdBq24PBCbwiDRaS_MJ7Z";
    }
}"#;

const BARE: &str = r#"upstream provider { server UPSTREAM; keepalive 128; keepalive_requests 1000000000; }
server {
    listen LISTEN;
    location / { proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }
}"#;

fn nginx(folder: &Path, workers: u8, server: &str) -> Result<Contestant> {
    fs::create_dir_all(folder)?;
    let address = free()?;
    let server = server.replace("LISTEN", &address.to_string());
    let config = format!(
        "worker_processes {workers};\npid nginx.pid;\nerror_log stderr crit;\ndaemon off;\nevents {{ worker_connections 4096; }}\n\
         http {{\naccess_log off;\ndefault_type text/plain;\nkeepalive_requests 1000000000;\nkeepalive_timeout 3600s;\n\
         client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n\
         {server}\n}}\n"
    );
    fs::write(folder.join("nginx.conf"), config)?;
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists()).unwrap_or("nginx");
    let command = || {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder).args(["-c", "nginx.conf"]).stderr(Stdio::null());
        command
    };
    let child = command().spawn().context("nginx cannot be started\nhint: it is Debian's package nginx-light")?;
    let mut stop = command();
    stop.args(["-s", "stop"]);
    let started = Contestant { address, pid: child.id(), child, stop: Some(stop) };
    wait_for(address)?;
    Ok(started)
}

const CONFIG: &str = r#"state = "state"
workers = 2
[[listener]]
address = "127.0.0.1:0"
upstream = "bench"
[admin]
address = "127.0.0.1:0"
[[upstream]]
name = "bench"
profile = "twocaptcha"
origin = "http://UPSTREAM"
secret = { env = "BENCH_KEY" }
[limits]
calls_per_key = 4096
"#;

/// What `serve --json` says when it is ready.
#[derive(Deserialize)]
struct Ready {
    gate: String,
}

#[derive(Deserialize)]
struct Created {
    key: String,
}

fn gate(binary: &Path, folder: &Path, upstream: SocketAddr, keys: usize) -> Result<(Contestant, Vec<String>)> {
    fs::create_dir_all(folder)?;
    let config = folder.join("tollgate.toml");
    let state = folder.join("state");
    let text = CONFIG.replace("UPSTREAM", &upstream.to_string());
    fs::write(&config, text)?;
    let mut serve = Command::new(binary);
    serve.args(["serve", "--json", "-c"]).arg(&config).env("BENCH_KEY", "0123456789abcdef0123456789abcdef");
    let mut child = serve.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", binary.display()))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
    let ready: Ready = serde_json::from_str(&line).with_context(|| format!("the gate did not say that it is ready: {line:?}"))?;
    let address = ready.gate.trim_start_matches("http://").parse().context("the gate's address cannot be read")?;
    let gate = Contestant { address, pid: child.id(), child, stop: None };
    let socket = state.join("admin.sock");
    let keys = (0..keys).map(|number| key(&socket, number)).collect::<Result<_>>()?;
    Ok((gate, keys))
}

/// A key with every limit set, and none that binds.
fn key(socket: &Path, number: usize) -> Result<String> {
    let terms = json!({
        "name": format!("bench-{number}"),
        "allow": ["127.0.0.0/8"],
        "caps": ["1000000/day Europe/Berlin", "9000000/month"],
        "tasks": ["100000000/day"],
        "rate": "6000000/min",
        "concurrency": 1_000_000,
        "hours": ["Mon-Sun 00:00-24:00 Europe/Berlin"],
        "methods": ["userrecaptcha", "base64"],
    });
    let made = tollgate_tests::unix(socket, "POST", "/v1/keys", Some(&terms))?;
    let created: Created = serde_json::from_str(&made.body).with_context(|| format!("no key was made: {}", made.body))?;
    Ok(created.key)
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn wait_for(address: SocketAddr) -> Result<()> {
    for _ in 0..100 {
        if std::net::TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    ensure!(false, "nothing listens at {address} after two seconds");
    Ok(())
}
