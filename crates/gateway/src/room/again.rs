//! Room 3½: was this submission made before? A caller that names it with an `Idempotency-Key` is answered as the first time.

use tollgate_dialect::{Answering, Boundary, encode};
use tollgate_model::{Denial, DenialCode, FailureCode, Fingerprint};

use super::locate::Located;
use super::record::Line;
use crate::fault::{self, Place};
use crate::refusal::{Refusal, Reply};
use crate::repeats::{Kept, Looked};
use crate::worker::Worker;

/// How long the answer of the first is waited for, from the arrival: SDKs give up after half a minute.
const PATIENCE_MS: u64 = 25_000;
/// The longest name.
const LONGEST: usize = 255;

/// Gives the answer of the first; nothing if this is the first, or has no name. A name that is taken here is free again when
/// nothing was bought.
pub(crate) async fn answer(located: &Located<'_>, worker: &Worker, line: &mut Line<'_>) -> Result<Option<Reply>, Refusal> {
    let arrival = located.identified.arrival;
    let Some(name) = arrival.idempotency_key else { return Ok(None) };
    fault::at(Place::Again);
    if name.is_empty() || name.len() > LONGEST || !name.iter().all(u8::is_ascii_graphic) {
        return Err(Denial::new(DenialCode::Malformed, "an `Idempotency-Key` is 1 to 255 visible ASCII characters").into());
    }
    let pepper = &worker.gate.pepper;
    let key = located.identified.key.id;
    let named = (key, Fingerprint::of(pepper, &[b"idempotency", key.as_bytes(), name]));
    let body = body(located, worker)?;
    let deadline = arrival.now.mono.plus_millis(PATIENCE_MS);
    loop {
        match worker.gate.repeats.look(named, body, worker.lately().wall) {
            Looked::First(claim) => {
                line.claim(claim);
                return Ok(None);
            }
            Looked::Again(first, kept) => {
                let mut body = worker.body();
                let answering = Answering { profile: &arrival.upstream.profile, form: line.form, id: first };
                match kept {
                    Kept::Body(kept) => body.extend_from_slice(&kept),
                    Kept::Task(task) => answering.submitted(task, &mut body),
                    Kept::Unknown => answering.failure(FailureCode::OutcomeUnknown, &mut body),
                }
                line.note(format!("answered as {first} was, by its `Idempotency-Key`"));
                return Ok(Some(Reply::dialect(arrival.id, line.form, body)));
            }
            Looked::InFlight(mut first) => {
                let slot = worker.deadlines.slot();
                let waiting = std::pin::pin!(first.changed());
                if slot.until(deadline, waiting).await.is_err() {
                    let why = "the first submission with this `Idempotency-Key` is still in flight";
                    return Err(Denial::new(DenialCode::ConcurrencyLimited, why).retry_after(1_000).into());
                }
            }
            Looked::Other => {
                let why = "this `Idempotency-Key` came with another submission before";
                return Err(Denial::new(DenialCode::Duplicate, why).into());
            }
            Looked::Full => {
                let why = "as many `Idempotency-Key`s are remembered as there is room for: none is forgotten before its day is over";
                return Err(Denial::new(DenialCode::Overloaded, why).retry_after(60_000).into());
            }
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
