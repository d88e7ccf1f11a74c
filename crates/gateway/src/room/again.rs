//! Room 3½: was this submission made before? A caller that names it with an `Idempotency-Key` is answered as the first time, and so is
//! one that says the same again where the upstream collapses it.

use std::sync::Arc;

use tollgate_dialect::{Answering, Boundary, encode};
use tollgate_model::{Denial, DenialCode, FailureCode, Fingerprint, KeyId};

use super::identify;
use super::locate::{self, Located};
use super::record::Line;
use super::understand::Understood;
use crate::fault::{self, Place};
use crate::refusal::{Refusal, Reply};
use crate::repeats::{Kept, Looked, Repeats};
use crate::worker::Worker;

/// How long the answer of the first is waited for, from the arrival: SDKs give up after half a minute.
const PATIENCE_MS: u64 = 25_000;
/// The longest name.
const LONGEST: usize = 255;

/// A submission that was not made before, or has no name.
pub struct Fresh<'a> {
    pub(super) located: Located<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

/// What is known of a submission.
pub(crate) enum Made<'a> {
    /// It was made before: the answer of the first.
    Before(Reply),
    /// It was not.
    Never(Fresh<'a>),
}

/// Gives the answer of the first, or the submission itself if it is the first. A name that is taken here is free again when nothing
/// was bought. Whoever has waited for the first is identified afresh: what was revoked meanwhile gets neither.
pub(crate) async fn made<'a>(
    mut located: Located<'a>,
    understood: &'a Understood<'a>,
    worker: &Worker,
    line: &mut Line<'_>,
) -> Result<Made<'a>, Refusal> {
    let Some(Named { called, repeats, under, body }) = named(&located, worker)? else { return Ok(never(located)) };
    let deadline = located.identified.arrival.now.mono.plus_millis(PATIENCE_MS);
    loop {
        let arrival = located.identified.arrival;
        match repeats.look(under, body, worker.lately().wall) {
            Looked::First(claim) => {
                line.claim(claim);
                return Ok(never(located));
            }
            Looked::Again(first, kept) => {
                let mut body = worker.body();
                let answering = Answering { profile: &arrival.upstream.profile, form: line.form, id: first };
                match kept {
                    Kept::Body(kept) => body.extend_from_slice(&kept),
                    Kept::Task(task) => answering.submitted(task, &mut body),
                    Kept::Unknown => answering.failure(FailureCode::OutcomeUnknown, &mut body),
                }
                line.note(format!("answered as {first} was, by {called}"));
                return Ok(Made::Before(Reply::dialect(arrival.id, line.form, body)));
            }
            Looked::InFlight(mut first) => {
                let slot = worker.deadlines.slot();
                let waiting = std::pin::pin!(first.changed());
                if slot.until(deadline, waiting).await.is_err() {
                    let why = format!("the first submission with {called} is still in flight");
                    return Err(Denial::new(DenialCode::ConcurrencyLimited, why).retry_after(1_000).into());
                }
                located = locate::from(identify::whose(understood, worker, line)?, worker, line)?;
                if located.identified.key.id != under.0 {
                    return Err(Denial::new(DenialCode::Unauthenticated, "the key was given to another while it waited").into());
                }
            }
            Looked::Other => {
                let why = "this `Idempotency-Key` came with another submission before";
                return Err(Denial::new(DenialCode::Duplicate, why).into());
            }
            // nobody was promised that it is bought once: it goes on as if it were not collapsed
            Looked::Full if arrival.idempotency_key.is_none() => return Ok(never(located)),
            Looked::Full => {
                let why = "as many submissions are remembered as there is room for: none is forgotten before its time is over";
                return Err(Denial::new(DenialCode::Overloaded, why).retry_after(60_000).into());
            }
        }
    }
}

const fn never(located: Located<'_>) -> Made<'_> {
    Made::Never(Fresh { located, _proof: () })
}

/// What makes two submissions one.
struct Named {
    /// How it is called.
    called: &'static str,
    /// Where the answers are.
    repeats: Arc<Repeats>,
    /// Under which name.
    under: (KeyId, Fingerprint),
    /// The submission itself.
    body: Fingerprint,
}

/// By its caller's own name for it; else, where the upstream collapses what is said twice, by itself.
fn named(located: &Located<'_>, worker: &Worker) -> Result<Option<Named>, Refusal> {
    let arrival = located.identified.arrival;
    let key = located.identified.key.id;
    match (arrival.idempotency_key, &arrival.upstream.collapse) {
        (None, None) => Ok(None),
        (None, Some(repeats)) => {
            let body = body(located, worker)?;
            Ok(Some(Named { called: "the same words", repeats: repeats.clone(), under: (key, body), body }))
        }
        (Some(name), _) => {
            fault::at(Place::Again);
            if name.is_empty() || name.len() > LONGEST || !name.iter().all(u8::is_ascii_graphic) {
                return Err(Denial::new(DenialCode::Malformed, "an `Idempotency-Key` is 1 to 255 visible ASCII characters").into());
            }
            let named = Fingerprint::of(&worker.gate.pepper, &[b"idempotency", key.as_bytes(), name]);
            let (called, repeats) = ("its `Idempotency-Key`", worker.gate.repeats.clone());
            Ok(Some(Named { called, repeats, under: (key, named), body: body(located, worker)? }))
        }
    }
}

/// The hash of the submission as it was understood: of what would be sent, without the real key.
fn body(located: &Located<'_>, worker: &Worker) -> Result<Fingerprint, Refusal> {
    let identified = &located.identified;
    let mut scratch = worker.scratch();
    let out = &mut scratch.outgoing;
    let spoken =
        encode(identified.operation, identified.form, b"", &identified.arrival.upstream.profile, &Boundary::from_random([0; 16]), out);
    let body = Fingerprint::of(&worker.gate.pepper, &[b"submission", &out.target, &out.content_type, &out.body]);
    scratch.wipe();
    worker.give_scratch(scratch);
    spoken.map_err(|_| Denial::new(DenialCode::OperationDenied, "the provider does not have this operation"))?;
    Ok(body)
}

#[cfg(test)]
mod tests;
