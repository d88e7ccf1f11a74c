//! What does the binary that tests kill take from its environment? Where to die, and which clock to believe; in the product there is
//! nothing of it.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tollgate_model::fault;

/// `POINT:NTH`: the process ends, as by SIGKILL, when it is at this point for the nth time.
const POINT: &str = "TOLLGATE_FAULT_POINT";
/// A file with the milliseconds that the wall clock stands from the machine's, and perhaps, behind a space, those that have passed
/// more by both clocks; looked at all the time.
const CLOCK: &str = "TOLLGATE_FAULT_CLOCK";

/// Takes both up.
#[expect(clippy::disallowed_methods, reason = "only in a binary for tests, which tell it where to die")]
pub(crate) fn arm() -> Result<()> {
    if let Ok(wanted) = std::env::var(POINT) {
        let (name, nth) = wanted.split_once(':').with_context(|| format!("{POINT} is `POINT:NTH`"))?;
        // no guard runs and no buffer is written: to the files it is a SIGKILL
        ensure!(fault::arm(name, nth.parse()?, || std::process::abort()), "there is no point `{name}`");
    }
    if let Some(file) = std::env::var_os(CLOCK).map(PathBuf::from) {
        let look = move || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let (shift, passed) = text.trim().split_once(' ').unwrap_or((text.trim(), "0"));
            let _ = shift.parse().map(fault::shift);
            let _ = passed.parse().map(fault::pass);
        };
        look();
        thread::Builder::new().name("clock".into()).spawn(move || {
            loop {
                look();
                thread::sleep(Duration::from_millis(2));
            }
        })?;
    }
    Ok(())
}
