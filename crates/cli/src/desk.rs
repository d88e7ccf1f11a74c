//! How does a verb reach the running gate? Over the socket of its state folder, or its address with the token.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use tollgate_admin::client::{Beside, Client, ClientError};
use tollgate_config::Process;

use crate::exit::Failed;

/// The desk of a running gate.
pub(crate) struct Desk {
    client: Client,
}

impl Desk {
    /// `--state`, then `TOLLGATE_ADDR`, then `TOLLGATE_STATE`, then `state` in this folder.
    pub(crate) fn find(state: Option<&Path>) -> Result<Self, Failed> {
        Self::find_or(state, Path::new("state"))
    }

    /// The same with another folder in the last place.
    pub(crate) fn find_or(state: Option<&Path>, usual: &Path) -> Result<Self, Failed> {
        let told = tollgate_config::Client::read(&Process).map_err(Failed::usage)?;
        let client = match (state, told.address, told.state) {
            (Some(state), _, _) => Client::Socket(state.join("admin.sock")),
            (None, Some((true, _)), _) => {
                return Err(
                    Failed::usage("`TOLLGATE_ADDR` with https is not spoken yet").hint("come over an SSH tunnel to the loopback port")
                );
            }
            (None, Some((false, address)), _) => {
                let token = told.token.ok_or_else(|| Failed::usage("`TOLLGATE_ADDR` is set without `TOLLGATE_TOKEN`"))?;
                let token = String::from_utf8_lossy(token.expose()).trim().to_owned();
                Client::Port { address, token }
            }
            (None, None, Some(state)) => Client::Socket(state.join("admin.sock")),
            (None, None, None) => Client::Socket(usual.join("admin.sock")),
        };
        Ok(Self { client })
    }

    /// One call of the admin API.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failed> {
        wait(self.client.call(method, path, body))?.map_err(told)
    }

    /// The same with what is said beside the body; a refusal comes back whole.
    pub(crate) fn write(&self, method: &str, path: &str, body: &Value, beside: Beside<'_>) -> Result<Result<Value, ClientError>, Failed> {
        wait(self.client.write(method, path, Some(body), beside))
    }

    /// One call with a text that is no JSON.
    pub(crate) fn say(&self, path: &str, text: Vec<u8>) -> Result<Value, Failed> {
        wait(self.client.say("POST", path, text))?.map_err(told)
    }
}

/// The state folder meant: `--state`, then `TOLLGATE_STATE`, then `state` in this folder.
pub(crate) fn state(given: Option<&Path>) -> Result<PathBuf, Failed> {
    let told = tollgate_config::Client::read(&Process).map_err(Failed::usage)?;
    Ok(given.map(Path::to_path_buf).or(told.state).unwrap_or_else(|| PathBuf::from("state")))
}

fn wait(call: impl Future<Output = Result<Value, ClientError>>) -> Result<Result<Value, ClientError>, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    Ok(runtime.block_on(call))
}

/// Why there is no answer, as a command ends.
pub(crate) fn told(error: ClientError) -> Failed {
    match error {
        ClientError::Unreachable(_) => {
            Failed::unreachable(error).hint("is it running (`tollgate serve`)? `--state DIR` names its state folder")
        }
        ClientError::Refused { detail, problem, .. } => {
            let failed = Failed::new(detail);
            match problem.get("hint").and_then(Value::as_str).filter(|hint| !hint.is_empty()) {
                Some(hint) => failed.hint(hint),
                None => failed,
            }
        }
        ClientError::Garbled => Failed::new(error),
    }
}

/// A key in the place of a name would stand in lists and logs from then on.
pub(crate) fn no_secret(name: &str) -> Result<&str, Failed> {
    if ["tgk_", "tgt_", "tga_"].iter().any(|secret| name.starts_with(secret)) {
        return Err(Failed::usage("a secret is never an argument: it may stand in the shell's history now")
            .hint("`tollgate key rotate NAME --now` ends it"));
    }
    Ok(name)
}

/// A name as a part of a path; names are plain, so anything else is refused before it is sent.
pub(crate) fn in_path(name: &str) -> Result<&str, Failed> {
    no_secret(name)?;
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) && !name.is_empty() {
        Ok(name)
    } else {
        Err(Failed::usage("that is not a name").hint("letters, digits, `-`, `_` and `.`"))
    }
}
