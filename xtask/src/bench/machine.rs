//! On what was it measured? No name of the machine, only its kind.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tollgate_model::Timestamp;

use super::contestant::version;
use super::results::Machine;

pub(crate) fn describe(binary: &Path) -> Result<Machine> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let said =
        |field: &str| cpus.lines().find_map(|line| line.strip_prefix(field)?.split_once(": ").map(|(_, value)| value.trim().to_owned()));
    Ok(Machine {
        date: today()?,
        processor: said("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        processors: std::thread::available_parallelism()?.get(),
        kernel: kernel()?,
        nginx: version("nginx", &["-v"])?.trim_start_matches("nginx version: ").to_owned(),
        haproxy: version("haproxy", &["-v"])?.split(" - ").next().unwrap_or_default().to_owned(),
        gate: version(&binary.to_string_lossy(), &["--version"])?,
        load: [load()?; 2],
    })
}

/// The load average of the last minute.
pub(crate) fn load() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    text.split(' ').next().and_then(|word| word.parse().ok()).context("the load average cannot be read")
}

fn kernel() -> Result<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let numbers: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    Ok(format!("Linux {}", numbers.join(".")))
}

#[expect(clippy::disallowed_methods, reason = "xtask says when it has measured")]
fn today() -> Result<String> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let at = Timestamp::from_millis(i64::try_from(since.as_millis())?);
    Ok(at.to_string().chars().take(10).collect())
}
