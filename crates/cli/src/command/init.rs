//! `tollgate init`: a commented configuration and the state folder, and nothing overwritten.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;
use tollgate_config::template;
use tollgate_model::VirtualKey;

use crate::authority;
use crate::exit::{Failed, Outcome};

/// The prefix of an admin token: not of the form that the gate takes from clients.
const ADMIN: &str = "tga_";

/// Writes `tollgate.toml`, `state/`, its admin token and its local authority.
pub(crate) fn run(dir: Option<&Path>) -> Outcome {
    let dir = dir.unwrap_or(Path::new("."));
    let file = dir.join("tollgate.toml");
    if file.exists() {
        return Err(Failed::new(format!("`{}` exists already", file.display()))
            .hint("`tollgate check` reads it; name another folder to begin anew"));
    }
    let state = dir.join("state");
    prepare_state(&state)?;
    fs::write(&file, template()).with_context(|| format!("cannot write `{}`", file.display()))?;
    println!("wrote `{}`", file.display());
    println!("wrote `{}`: the admin token, the local authority; the store and the audit log come here", state.display());
    println!(
        "next: put the provider's key where `secret` says, then `tollgate check -c {}` and `tollgate serve -c {}`",
        file.display(),
        file.display()
    );
    Ok(())
}

/// Makes the state folder with its admin token and its local authority, where they are missing.
pub(crate) fn prepare_state(state: &Path) -> anyhow::Result<()> {
    judge(state)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state)
        .with_context(|| format!("cannot make the state folder `{}`", state.display()))?;
    let token = state.join("admin.token");
    if !token.exists() {
        let key = draw(ADMIN).context("the system's random generator does not answer")?;
        authority::write_private(&token, key.expose().as_bytes()).with_context(|| format!("cannot write `{}`", token.display()))?;
    }
    authority::ensure(state, tollgate_gateway::clock::Clock::begin().now().wall)?;
    Ok(())
}

/// A folder that others may write to would take their files for ours; secrets in it are ours alone.
fn judge(state: &Path) -> anyhow::Result<()> {
    let mode = |path: &Path| fs::metadata(path).map(|data| data.permissions().mode() & 0o777).ok();
    if let Some(mode) = mode(state).filter(|mode| mode & 0o022 != 0) {
        anyhow::bail!("others may write to the state folder `{}` (mode {mode:03o}): `chmod 700` it, or name another", state.display());
    }
    for name in ["admin.token", "ca.key"] {
        let file = state.join(name);
        if let Some(mode) = mode(&file).filter(|mode| mode & 0o077 != 0) {
            anyhow::bail!("others may read `{}` (mode {mode:03o}): remove it, and the next start makes a new one", file.display());
        }
    }
    Ok(())
}

/// A new random string of the virtual keys' form.
pub(crate) fn draw(prefix: &str) -> Option<VirtualKey> {
    let mut random = [0; 64];
    getrandom::fill(&mut random).ok()?;
    VirtualKey::from_random(prefix, &random)
}
