//! Does the provider take this poll now? One that comes too soon is answered here, so that nobody is banned for it.

use std::sync::Arc;

use tollgate_dialect::Operation;
use tollgate_model::Mono;

use super::arm::Sendable;
use super::locate::Located;
use super::own::Owned;
use crate::fault::{self, Place};
use crate::gate::Upstream;
use crate::refusal::Refusal;

/// A free read of owned tasks that the provider takes now.
pub struct Paced<'a> {
    pub(super) located: Located<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

impl Sendable for Paced<'_> {
    fn upstream(&self) -> &Arc<Upstream> {
        self.located.identified.arrival.upstream
    }

    fn arrived(&self) -> Mono {
        self.located.identified.arrival.now.mono
    }
}

/// Holds polls to the account's pace; a report is no poll.
pub(crate) fn read(owned: Owned<'_>) -> Result<Paced<'_>, Refusal> {
    fault::at(Place::Pace);
    let Owned { located, .. } = owned;
    let identified = &located.identified;
    if matches!(identified.operation, Operation::Poll { .. } | Operation::PollMany { .. }) {
        let governor = &identified.arrival.upstream.governor;
        governor.poll(identified.operation.tasks(), identified.arrival.now.mono).map_err(|wait_ms| Refusal::NotYet { wait_ms })?;
    }
    Ok(Paced { located, _proof: () })
}

#[cfg(test)]
mod tests;
