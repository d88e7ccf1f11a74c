//! Room 6: which credential of which account, for which host?

use std::sync::Arc;

use tollgate_model::{Denial, DenialCode, Mono};
use tollgate_secrets::Entry;

use super::record::Line;
use crate::fault::{self, Place};
use crate::gate::Upstream;
use crate::refusal::Refusal;

/// A stage that may be sent once it is armed.
pub trait Sendable {
    /// The one upstream it may go to.
    fn upstream(&self) -> &Arc<Upstream>;

    /// When it arrived.
    fn arrived(&self) -> Mono;
}

/// A stage with the key it will be sent with; the plaintext stays in the keyring's entry and is borrowed from there.
pub struct Armed<S> {
    pub(super) stage: S,
    pub(super) entry: Arc<Entry>,
    /// Private: only this room makes one.
    _proof: (),
}

/// Takes the version in force. The entry belongs to the upstream's own keyring: it cannot be another account's.
pub(crate) fn credential<S: Sendable>(stage: S, line: &mut Line<'_>) -> Result<Armed<S>, Refusal> {
    fault::at(Place::Arm);
    let Some(entry) = stage.upstream().keyring.current() else {
        return Err(Denial::new(DenialCode::SecretUnavailable, "the upstream's real key has not been read yet").retry_after(5_000).into());
    };
    line.secret(entry.version());
    if !stage.upstream().breaker.permits(entry.version(), stage.arrived()) {
        let why = "the provider refuses the real key: it is tried again in half a minute, and a new version at once";
        return Err(Denial::new(DenialCode::SecretUnavailable, why).retry_after(30_000).into());
    }
    Ok(Armed { stage, entry, _proof: () })
}

#[cfg(test)]
mod tests;
