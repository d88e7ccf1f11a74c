//! Room 4: may it be used now?

use tollgate_model::{Denial, DenialCode, Factor};
use tollgate_policy::judge;

use super::again::Fresh;
use super::locate::Located;
use super::record::Line;
use crate::fault::{self, Place};
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A submission at an allowed time.
pub struct Timely<'a> {
    pub(super) located: Located<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

/// Judges pauses, the first instant and the hours. Submissions only: a task that is paid for can always be fetched.
pub(crate) fn when<'a>(fresh: Fresh<'a>, worker: &Worker, line: &mut Line<'_>) -> Result<Timely<'a>, Refusal> {
    fault::at(Place::Time);
    let Fresh { located, .. } = fresh;
    let identified = &located.identified;
    let now = worker.lately().wall;
    if now < worker.gate.floor {
        line.verdict.time = Factor::No;
        return Err(Denial::new(DenialCode::ClockSuspect, "the clock stands before the last line of the audit log")
            .retry_after(5_000)
            .into());
    }
    if let Some(reason) = identified.key.paused() {
        line.verdict.time = Factor::No;
        return Err(Denial::new(DenialCode::Paused, reason).into());
    }
    if identified.key.attachment.pace.is_stopped() {
        line.verdict.time = Factor::No;
        return Err(Denial::new(DenialCode::Paused, "the brake has stopped the key: `tollgate key resume` lets it go on").into());
    }
    let judged = judge::timely(&identified.key.policy, now);
    line.verdict.time = judged.factor();
    line.observe(judged)?;
    Ok(Timely { located, _proof: () })
}

#[cfg(test)]
mod tests;
