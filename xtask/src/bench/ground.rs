//! Everything that runs at once: the provider's stand-in, and the contestants in front of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::contestant::{Contestant, folder};
use super::load::request::Keys;
use super::{gate, peers};
use crate::repository::Repository;
use crate::step;

/// All of them, on free loopback ports.
pub(crate) struct Ground {
    pub(crate) upstream: Contestant,
    /// The gate is the last.
    pub(crate) contestants: Vec<Contestant>,
    pub(crate) keys: Keys,
    pub(crate) hot: Keys,
    /// The gate's folder.
    pub(crate) gate: PathBuf,
    /// Where its keys are kept between runs.
    pub(crate) kept: PathBuf,
}

impl Ground {
    /// Starts everything, in a folder under the target folder.
    pub(crate) fn prepare(at: &Repository, binary: &Path, keys: usize) -> Result<Self> {
        let place = at.target.join("bench");
        folder(&place)?;
        let gate = place.join("gate");
        folder(&gate)?;
        let kept = at.target.join(format!("bench-keys-{keys}"));
        let keys = gate::state(binary, &kept, &gate, keys)?;
        let upstream = peers::stand_in(&place.join("stand-in"))?;
        let contestants = contestants(&place, binary, upstream.address, &keys)?;
        let keys = Keys::new(keys);
        Ok(Self { upstream, contestants, hot: keys.hot(), keys, gate, kept })
    }
}

fn contestants(place: &Path, binary: &Path, upstream: SocketAddr, keys: &[String]) -> Result<Vec<Contestant>> {
    let gate = place.join("gate");
    gate::configure(&gate, upstream, 2)?;
    Ok(vec![
        peers::floor(upstream)?,
        peers::nginx_bare(&place.join("nginx-bare"), upstream)?,
        peers::nginx_hand(&place.join("nginx-hand"), upstream, keys)?,
        peers::haproxy_hand(&place.join("haproxy-hand"), upstream, keys)?,
        gate::contestant(binary, &gate)?,
    ])
}

/// The binary in `TOLLGATE_BIN`, else the release build: a figure of anything else would not be the product's.
pub(crate) fn release(at: &Repository) -> Result<PathBuf> {
    if let Some(path) = step::variable("TOLLGATE_BIN") {
        return Ok(path.into());
    }
    step::passes(&mut at.cargo(["build", "--quiet", "--release", "--locked", "--package", "tollgate"]))?;
    Ok(at.target.join("release").join("tollgate"))
}
