//! What stands below the matrix: caps under load and under crashes, the log, the two sums.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate_model::Money;

use super::Stage;
use super::caller::{HOME, get, submission};
use super::gate::LINES_WRITTEN;
use super::table::dollars;
use crate::house::audit_folder;

/// One claim, tried.
pub(super) struct Proof {
    pub(super) claim: String,
    pub(super) result: String,
    pub(super) held: bool,
}

const CALLS: usize = 500;
const KILLS: usize = 20;
const DOLLAR: i64 = 1_000_000_000;

/// Tries every claim.
pub(super) async fn play(stage: &mut Stage) -> Result<Vec<Proof>> {
    Ok(vec![at_once(stage).await?, killed(stage).await?, altered(stage).await?, sums(stage).await?])
}

async fn at_once(stage: &Stage) -> Result<Proof> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("at-once", &json!({ "allow": ["127.0.0.1/32"], "caps": ["1/day"] })).await?;
    let mut calls = JoinSet::new();
    let (gate, target) = (stage.gate.address(), submission(&key));
    for _ in 0..CALLS {
        let target = target.clone();
        calls.spawn(async move { get(gate, HOME, &target).await });
    }
    let mut admitted = 0;
    while let Some(call) = calls.join_next().await {
        admitted += usize::from(call?.is_ok_and(|seen| seen.task().is_some()));
    }
    let charged = stage.charged()? - before;
    Ok(Proof {
        claim: format!("{CALLS} calls at once on a $1 cap"),
        result: format!("{admitted} admitted, provider charged {}", dollars(charged)),
        held: admitted == 10 && charged == DOLLAR,
    })
}

/// The same load while the gate is killed: never a cent over, and what is free afterwards can be spent.
async fn killed(stage: &mut Stage) -> Result<Proof> {
    let before = stage.charged()?;
    let key = stage.gate.create_key("killed", &json!({ "allow": ["127.0.0.1/32"], "caps": ["1/day"] })).await?;
    stage.sandbox.change_mode(&json!({ "latency_ms": 20 }))?;
    let (gate, target) = (stage.gate.address(), submission(&key));
    let mut calls = JoinSet::new();
    for caller in 0..8_u64 {
        let target = target.clone();
        calls.spawn(async move {
            for _ in 0..(CALLS / 8) {
                let refused = get(gate, HOME, &target).await.is_err();
                tokio::time::sleep(Duration::from_millis(if refused { 40 } else { 15 + caller })).await;
            }
        });
    }
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(10 + 13 * (kill as u64 % 7))).await;
        stage.gate.kill_and_restart()?;
    }
    while calls.join_next().await.is_some() {}
    stage.sandbox.change_mode(&json!({ "latency_ms": 0 }))?;
    let charged = stage.charged()? - before;
    let shown = stage.gate.admin("GET", "/v1/keys/killed", None).await?;
    let used = limit(&shown, "used")?;
    Ok(Proof {
        claim: format!("the same, gate killed {KILLS} times meanwhile"),
        result: format!("provider charged {}, our books say {} is spent", dollars(charged), dollars(used)),
        held: charged <= DOLLAR && charged <= used && used <= DOLLAR,
    })
}

/// An amount of the first limit that the desk shows, in nano-dollars.
fn limit(shown: &Value, name: &str) -> Result<i64> {
    let text = shown.pointer(&format!("/limits/0/{name}")).and_then(Value::as_str).context("the desk does not show the limit")?;
    Ok(Money::parse(text)?.nanos())
}

/// One byte changed in a copy of the log.
async fn altered(stage: &Stage) -> Result<Proof> {
    tokio::time::sleep(LINES_WRITTEN).await;
    let copy = stage.gate.state().join("copy-of-the-log");
    copy_folder(&audit_folder(stage.gate.state()), &copy)?;
    let whole = tollgate_audit::verify(&copy).is_ok();
    let file = copy.join("w0-1.jsonl");
    let mut bytes = fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let line = bytes.iter().take(bytes.len() / 2).filter(|byte| **byte == b'\n').count() + 1;
    let start = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(line - 2).map_or(0, |(at, _)| at + 1);
    let digit = bytes.iter().enumerate().skip(start).find(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
    if let Some(byte) = digit.and_then(|at| bytes.get_mut(at)) {
        *byte = if *byte == b'9' { b'8' } else { *byte + 1 };
    }
    fs::write(&file, bytes)?;
    let found = tollgate_audit::verify(&copy).err().unwrap_or_default();
    let named = found.iter().any(|finding| finding.line == Some(line as u64) && finding.file.ends_with("w0-1.jsonl"));
    let said = found.first().map_or_else(|| "nothing was found".to_owned(), ToString::to_string);
    Ok(Proof { claim: "one byte changed in a copy of the log".to_owned(), result: said, held: whole && named })
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The sum of our books beside the provider's. Ours may be higher by what is unknown: sent when the gate was killed.
async fn sums(stage: &Stage) -> Result<Proof> {
    let usage = stage.gate.admin("GET", "/v1/usage?by=key&since=2d", None).await?;
    let sum = |name: &str| -> Result<i64> {
        let text = usage.pointer(&format!("/total/{name}")).and_then(Value::as_str).context("the desk does not show the sums")?;
        Ok(Money::parse(text)?.nanos())
    };
    let (settled, held, unknown) = (sum("settled")?, sum("held")?, sum("unknown")?);
    let ours = settled + held + unknown;
    let theirs = stage.charged()?;
    Ok(Proof {
        claim: "the sum of our books beside the provider's".to_owned(),
        result: format!("ours {} (of it {} unknown), theirs {}", dollars(ours), dollars(unknown), dollars(theirs)),
        held: ours - unknown <= theirs && theirs <= ours,
    })
}
