//! The product on one page: a request walks these rooms in this order, and no other way leads to a provider.
//!
//! Free checks stand before paid ones and paid before secret ones: nothing is reserved for a request that a pure check
//! refuses, and no plaintext is borrowed for one that has no allowance.

use tollgate_dialect::Operation;

use crate::refusal::{Refusal, Reply};
use crate::room::{again, allow, arm, identify, intend, listen::Arrival, locate, own, pace, record::Line, send, settle, time, understand};
use crate::worker::Worker;

/// Walks one request from its last byte to its answer. The line of the journal is a guard: whatever happens in between, a
/// panic included, it is written once.
pub(crate) async fn walk<'a>(worker: &'a Worker, arrival: Arrival<'a>) -> Reply {
    let mut line = Line::open(worker, &arrival);
    let walked = rooms(worker, &arrival, &mut line).await;
    line.close(walked)
}

async fn rooms(worker: &Worker, arrival: &Arrival<'_>, line: &mut Line<'_>) -> Result<Reply, Refusal> {
    // 1. which operation is this, exactly? the client's bytes end here
    let understood = understand::read(arrival, line)?;
    // 2. whose key? judged by the snapshot of this instant: a change binds whatever is identified after it
    let identified = identify::whose(&understood, worker, line)?;
    // 3. from an allowed address? pure, so it comes before anything that counts
    let located = locate::from(identified, worker, line)?;

    match located.operation() {
        // answered from the key's own allowance; no provider is asked
        Operation::Balance | Operation::Threads => Ok(own::allowance(&located, worker, line).await),
        // free reads: identity, network and ownership only, since the task is paid for
        Operation::Poll { .. } | Operation::PollMany { .. } | Operation::Report { .. } => {
            let owned = own::task(located, worker).await?;
            // the pace that the provider bans for: what comes too soon is answered here
            let paced = pace::read(owned)?;
            let armed = arm::credential(paced, line)?;
            let answered = send::free(armed, worker, line).await?;
            Ok(settle::read(answered, worker, line))
        }
        Operation::Submit(_) | Operation::SolveNow(_) => {
            // made before, by the caller's own name for it? the answer is paid for, and given like a free read
            let fresh = match again::made(located, &understood, worker, line).await? {
                again::Made::Before(reply) => return Ok(reply),
                again::Made::Never(fresh) => fresh,
            };
            // 4. at an allowed time? pure
            let timely = time::when(fresh, worker, line)?;
            // 5. allowance in every limit that applies, in one step, all or nothing
            let reserved = allow::reserve(timely, worker, line).await?;
            // 6. the credential, borrowed for the provider's own host only
            let armed = arm::credential(reserved, line)?;
            // 7. written down before the first byte leaves
            let intended = intend::write(armed, worker, line).await?;
            // 8. sent once; what is lost on the way is unknown, never sent again
            let answered = send::paid(intended, worker, line).await?;
            // 9. owner and cost are written before the client learns the id
            let settled = settle::submission(answered, worker, line).await?;
            Ok(settled.reply())
        }
    }
}
