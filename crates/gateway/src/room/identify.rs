//! Room 2: whose key is this?

use std::hint::black_box;
use std::sync::Arc;

use tollgate_dialect::{AnswerForm, Operation};
use tollgate_model::{Denial, DenialCode, Factor, Timestamp};
use tollgate_registry::{Key, Standing};

use super::listen::Arrival;
use super::record::Line;
use super::understand::Understood;
use crate::fault::{self, Place};
use crate::gate::Bound;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A call whose key is known and in force.
pub struct Identified<'a> {
    pub(super) arrival: &'a Arrival<'a>,
    pub(super) operation: &'a Operation<'a>,
    pub(super) form: AnswerForm,
    pub(super) key: Arc<Key<Bound>>,
    /// Private: only this room makes one.
    _proof: (),
}

/// Looks the presented credential up by its keyed hash, in the snapshot of this instant. Every failure looks alike outside;
/// the record tells them apart.
pub(crate) fn whose<'a>(understood: &'a Understood<'a>, worker: &Worker, line: &mut Line<'_>) -> Result<Identified<'a>, Refusal> {
    fault::at(Place::Identify);
    let Understood { arrival, call, .. } = understood;
    let presented = call.credential.expose();
    let key = known(presented, arrival, worker, line).map_err(|refusal| slowed(refusal, arrival, worker))?;
    Ok(Identified { arrival, operation: &call.operation, form: call.form, key, _proof: () })
}

/// Whoever fails too often is told to wait, whatever the reason was; a key that is found is never kept waiting.
fn slowed(refusal: Refusal, arrival: &Arrival<'_>, worker: &Worker) -> Refusal {
    let source = arrival.client.unwrap_or(arrival.source);
    match worker.gate.strangers.failed(source, arrival.now.mono) {
        None => refusal,
        Some(wait_ms) => {
            Denial::new(DenialCode::RateLimited, "too many failures to prove who one is, from this address").retry_after(wait_ms).into()
        }
    }
}

fn known(presented: &[u8], arrival: &Arrival<'_>, worker: &Worker, line: &mut Line<'_>) -> Result<Arc<Key<Bound>>, Refusal> {
    line.verdict.identity = Factor::No;
    if presented.is_empty() {
        return Err(Denial::new(DenialCode::Unauthenticated, "no credential was presented").into());
    }
    let gate = &worker.gate;
    let hash = gate.hash(presented);
    line.credential(hash);
    let snapshot = gate.registry.snapshot();
    line.generation(snapshot.generation);
    // not when it arrived: it may have waited for another since
    let now = worker.lately().wall;
    let Some(found) = snapshot.find(&hash, now) else {
        // the same work as for a dead key, and there as for none: the time of the answer must not tell one from the other
        let nobody = snapshot.nobody(now);
        line.nobody = Some(nobody.clone());
        black_box(arrival.upstream.name == *black_box(&arrival.upstream.name));
        return Err(unknown(presented, arrival, worker, line).into());
    };
    let key = found.key;
    line.key(&key);
    if let Some(denial) = dead(&key, found.standing, arrival, now) {
        black_box(arrival.upstream.keyring.recognise(presented));
        return Err(denial.into());
    }
    line.verdict.identity = Factor::Ok;
    // a second is precise enough for "last used", and spares every request a write that all workers would share
    if now.millis() - key.last_used().millis() >= 1_000 {
        key.touch(now);
    }
    Ok(key)
}

/// Why a key that is known is as good as none here.
fn dead(key: &Key<Bound>, standing: Standing, arrival: &Arrival<'_>, now: Timestamp) -> Option<Denial> {
    if key.attachment.upstream.name != arrival.upstream.name {
        return Some(Denial::new(DenialCode::Unauthenticated, "the key is for another upstream"));
    }
    match standing {
        // in words of no instant: writing one down takes time
        Standing::Live if key.policy.validity().is_over(now, key.last_used()) => {
            Some(Denial::new(DenialCode::Expired, "the key has expired, or was unused for too long"))
        }
        Standing::Live => None,
        Standing::Expired => Some(Denial::new(DenialCode::Expired, "this secret of the key was replaced and its overlap is over")),
        Standing::Revoked => Some(Denial::new(DenialCode::Revoked, "the key was revoked")),
    }
}

/// Nobody's key, unless it is the provider's own: then a service still holds it and must be found.
fn unknown(presented: &[u8], arrival: &Arrival<'_>, worker: &Worker, line: &mut Line<'_>) -> Denial {
    match arrival.upstream.keyring.recognise(presented) {
        None => Denial::new(DenialCode::Unauthenticated, "no key of ours"),
        Some(recognised) => {
            line.alarm("real_key_presented");
            if worker.may_warn(arrival.now.mono) {
                let (client, upstream) = (arrival.client.unwrap_or(arrival.source), arrival.upstream.name.as_str());
                tracing::warn!(%client, upstream, "a client presented the real key: find the service, and give it a virtual one");
            }
            let which = match recognised {
                tollgate_secrets::Recognised::Live(_) => "the live real key was presented by a client: it must be given a virtual key",
                tollgate_secrets::Recognised::Past(_) => "a past real key was presented by a client: it must be given a virtual key",
            };
            Denial::new(DenialCode::Unauthenticated, which)
        }
    }
}

#[cfg(test)]
mod tests;
