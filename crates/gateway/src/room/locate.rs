//! Room 3: may it be used from here?

use tollgate_dialect::Operation;
use tollgate_policy::judge;

use super::identify::Identified;
use super::record::Line;
use crate::fault::{self, Place};
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A call from an allowed address.
pub struct Located<'a> {
    pub(super) identified: Identified<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

/// Judges the true client address by the key's allowlist, as of now: a call may have waited. An empty list allows nobody.
pub(crate) fn from<'a>(identified: Identified<'a>, worker: &Worker, line: &mut Line<'_>) -> Result<Located<'a>, Refusal> {
    fault::at(Place::Locate);
    let arrival = &identified.arrival;
    let judged = judge::locate(&identified.key.policy, arrival.client, worker.lately().wall);
    line.verdict.network = judged.factor();
    line.observe(judged)?;
    Ok(Located { identified, _proof: () })
}

impl<'a> Located<'a> {
    /// What is asked: it decides which rooms follow.
    pub(crate) const fn operation(&self) -> &'a Operation<'a> {
        self.identified.operation
    }
}

#[cfg(test)]
mod tests;
