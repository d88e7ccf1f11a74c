//! `tollgate dev`: sandbox, gate and one key in one process, to try things on.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tollgate_config::Config;
use tollgate_dialect::Profile;
use tollgate_model::Name;
use tollgate_registry::{Allow, Cap, KeyTerms};
use tollgate_sandbox::{Options, Sandbox};

use super::{init, serve};
use crate::args;
use crate::authority;
use crate::exit::Outcome;
use crate::house::{self, House};
use crate::log;
use crate::signal::Signals;

/// The upstream of `dev`, and the profile it speaks.
const UPSTREAM: &str = "captchaai";
/// The key that `dev` makes.
const KEY: &str = "dev";

/// Runs all three until SIGTERM or SIGINT.
pub(crate) fn run(arguments: &args::Dev, state: Option<&Path>, json: bool) -> Outcome {
    let folder = Folder::open(state)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    log::begin();
    runtime.block_on(async {
        let mut signals = Signals::listen().context("cannot wait for signals")?;
        let options = Options { listen: arguments.sandbox, ..Options::default() };
        let sandbox = Sandbox::start(options)
            .await
            .with_context(|| format!("cannot listen at `{}`: `--sandbox 127.0.0.1:0` picks a free port", arguments.sandbox))?;
        let config = configuration(&folder.path, sandbox.address, &sandbox.real_key, arguments)?;
        let house = house::open(&config, house::Accept::default()).await?;
        let key = make_key(&house).await?;
        let (mut ready, mut people) = serve::told(&house, &config);
        let sandbox_url = format!("http://{}", sandbox.address);
        if let Some(gate) = &ready.gate {
            people.push_str(&try_this(gate, &sandbox_url, &key, &folder.path));
        }
        ready.sandbox = Some(sandbox_url);
        ready.key = Some(key);
        ready.say(json, &people).context("cannot write to stdout")?;
        signals.stopped().await;
        let closed = house.close().await;
        sandbox.shutdown().await;
        closed?;
        Ok(())
    })
}

/// The state folder: a given one is kept, a temporary one goes with the process.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn open(given: Option<&Path>) -> Result<Self> {
        if let Some(path) = given {
            init::prepare_state(path)?;
            let path = path.canonicalize().context("the state folder cannot be found again")?;
            return Ok(Self { path, temporary: false });
        }
        let name = init::draw("dev_").context("the system's random generator does not answer")?;
        let path = std::env::temp_dir().join(format!("tollgate-{}", name.expose()));
        init::prepare_state(&path)?;
        Ok(Self { path, temporary: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The configuration of `dev`, written down so that a person can look at it, and read back like any other.
fn configuration(state: &Path, sandbox: SocketAddr, real_key: &str, arguments: &args::Dev) -> Result<Config> {
    let secret = state.join("real.key");
    let _ = fs::remove_file(&secret);
    authority::write_private(&secret, real_key.as_bytes()).context("cannot keep the sandbox's key")?;
    let text = format!(
        r#"# written by `tollgate dev`
state = "."

[[listener]]
address = "{listen}"
upstream = "{UPSTREAM}"

[[listener]]
address = "{listen_tls}"
upstream = "{UPSTREAM}"
tls = "self"

[admin]
address = "{admin}"

[[upstream]]
name = "{UPSTREAM}"
profile = "{UPSTREAM}"
origin = "http://{sandbox}"
secret = {{ file = "real.key" }}
prices = {{ {prices} }}
"#,
        listen = arguments.listen,
        listen_tls = arguments.listen_tls,
        admin = arguments.admin,
        prices = prices()?,
    );
    let file = state.join("tollgate.toml");
    fs::write(&file, &text).with_context(|| format!("cannot write `{}`", file.display()))?;
    let mut config = Config::parse(&text, &file).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    // the folder itself, not the file's word for it: other programs read this path
    config.state = state.to_path_buf();
    Ok(config)
}

/// Every method of the profile at the sandbox's standard price: a plan by threads would else make a cap in money meaningless.
fn prices() -> Result<String> {
    let profile = Profile::builtin(UPSTREAM).context("the profile is missing")?;
    Ok(profile.methods().map(|method| format!("{method} = \"0.001\"")).collect::<Vec<_>>().join(", "))
}

/// A fresh key for loopback with a small cap. In a kept state folder a name is given once, so later ones are numbered.
async fn make_key(house: &House) -> Result<String> {
    let mut terms = KeyTerms { allow: Allow::parse(&["127.0.0.0/8", "::1/128"])?, ..KeyTerms::default() };
    terms.limits.caps = vec![Cap::parse("10/day")?];
    let upstream = house.gate.upstreams.named(UPSTREAM).context("the upstream is missing")?;
    let earlier = house.registry.snapshot().records().filter(|record| record.name.as_str().starts_with(KEY)).count();
    let name = if earlier == 0 { KEY.to_owned() } else { format!("{KEY}-{}", earlier + 1) };
    let now = house.gate.clock.now().wall;
    let created = house.registry.create_key(Name::parse(&name)?, upstream.name.clone(), terms, &upstream.prices, now).await?;
    Ok(created.secret.expose().to_owned())
}

fn try_this(gate: &str, sandbox: &str, key: &str, state: &Path) -> String {
    let state = state.display();
    format!(
        "\na key with $10 a day, from this machine only: {key}\n\ntry:\n  \
         curl '{gate}/in.php?key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com'\n  \
         curl '{gate}/res.php?key={key}&action=get&id=ID-FROM-ABOVE'\n  \
         tollgate --state {state} usage\n\nwhat the provider charged: curl {sandbox}/_sandbox/books\n"
    )
}
