//! A disk that is full: nothing is bought, nothing is corrupted, and it goes on without a restart.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_tests::{Stand, call, instant, submission};

/// A small file system of its own in memory, taken away when dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this user may not mount one.
    fn mount(at: &Path) -> Result<Option<Self>> {
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=4m,mode=700", "tollgate-test"]).arg(at).output()?.status.success();
        Ok(mounted.then(|| Self(at.to_owned())))
    }

    /// Fills it to the last byte.
    fn fill(&self) -> Result<()> {
        let mut filler = File::create(self.0.join("filler"))?;
        for block in [vec![0; 65_536], vec![0; 512], vec![0; 1]] {
            while filler.write_all(&block).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.0.join("filler"))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

#[test]
fn ft_01_on_a_full_disk_paid_calls_are_refused_in_time_and_go_on_when_there_is_room() -> Result<()> {
    let mut stand = Stand::new()?;
    stand.gate.stop()?;
    let Some(disk) = Disk::mount(&stand.state())? else {
        println!("skipped: only root may mount a disk to fill; the lane's and the store's own tests fill theirs");
        return Ok(());
    };
    stand.restart()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"], "concurrency": 100 }))?;
    ensure!(call(stand.at, &submission(&key))?.task().is_some(), "with room");
    for round in 0..2 {
        disk.fill()?;
        let mut refused = 0;
        for _ in 0..30 {
            let received = stand.received()?.len();
            let began = instant();
            let answer = call(stand.at, &submission(&key))?;
            let took = began.elapsed();
            if answer.task().is_none() {
                let code = answer.denied().context(answer.body.clone())?;
                ensure!(["audit_unavailable", "books_unavailable"].contains(&code), "{code}");
                ensure!(took < Duration::from_millis(250), "refused with {code} after {took:?}");
                ensure!(stand.received()?.len() == received, "refused, and sent");
                refused += 1;
            }
        }
        // a line or two may fit into what is left of a page
        ensure!(refused >= 25, "{refused} of 30 were refused");
        disk.free()?;
        let again = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(50));
            call(stand.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())
        });
        ensure!(again, "round {round}: it did not go on");
    }
    let charged = stand.charged()?;
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    let held = usage.pointer("/total/held").and_then(serde_json::Value::as_str).context("no sum")?;
    ensure!(tollgate_model::Money::parse(held)? >= charged, "held {held}, charged {charged}");
    stand.gate.stop()?;
    let verified = tollgate_audit::verify(&stand.audit());
    ensure!(verified.is_ok(), "{verified:?}");
    stand.restart()?;
    Ok(())
}
