//! Room 5: is there allowance left, in every limit that applies?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tollgate_books::{Hold, Wish};
use tollgate_model::{Denial, DenialCode, Factor, Money, Mono};
use tollgate_policy::judge::{self, Judged};
use tollgate_policy::policy::Observed;

use super::arm::Sendable;
use super::record::Line;
use super::time::Timely;
use crate::fault::{self, Place, Point};
use crate::gate::Upstream;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A submission with its worst case held; dropped, everything returns.
pub struct Reserved<'a> {
    pub(super) timely: Timely<'a>,
    pub(super) hold: Hold,
    pub(super) held: Money,
    pub(super) flight: Flight,
    /// Private: only this room makes one.
    _proof: (),
}

/// A place among the calls of a key in flight; given back on drop.
pub(crate) struct Flight(Arc<AtomicUsize>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sendable for Reserved<'_> {
    fn upstream(&self) -> &Arc<Upstream> {
        self.timely.located.identified.arrival.upstream
    }

    fn arrived(&self) -> Mono {
        self.timely.located.identified.arrival.now.mono
    }
}

/// Prices the method, asks whether this key may submit it, and reserves in all limits of key, team and upstream in one step.
pub(crate) async fn reserve<'a>(timely: Timely<'a>, worker: &Worker, line: &mut Line<'_>) -> Result<Reserved<'a>, Refusal> {
    fault::at(Place::Allow);
    fault::point(Point::BeforeHold);
    line.verdict.allowance = Factor::No;
    let held = price(&timely, line)?;
    let identified = &timely.located.identified;
    // not when it arrived: it may have waited for another since
    let now = worker.lately();
    if let Some(feed) = &worker.gate.feed {
        feed.permits(now)?;
    }
    let bound = &identified.key.attachment;
    let method = identified.operation.submit().map_or("", |submit| submit.method);
    let wish = Wish {
        request: identified.arrival.id,
        key: identified.key.id,
        team: identified.key.team.as_ref(),
        method,
        cost: held,
        limits: &bound.limits,
        observe_rate: identified.key.policy.observes(Observed::Rate, now.wall),
    };
    let (books, account) = (&worker.gate.books, &bound.upstream.account);
    let hold = match &worker.gate.rates {
        // boxed: who counts for itself carries nothing of it
        Some(rates) if !bound.paced.is_empty() => Box::pin(books.reserve_shared(account, &wish, &**rates, &bound.paced, now)).await?,
        Some(_) | None => books.reserve(account, &wish, now).await?,
    };
    line.verdict.allowance = Factor::Ok;
    if let Some(denial) = hold.would_deny() {
        line.verdict.allowance = Factor::WouldDeny;
        line.observe(Judged::WouldDeny(denial.clone()))?;
    }
    line.held(held);
    fault::point(Point::HoldTaken);
    // behind the reservation: a call over a cap hears of the cap, and only calls that would be sent fill the budget
    let flight = take_off(bound.in_flight.clone(), worker.gate.settings.budgets.calls_per_key)?;
    Ok(Reserved { timely, hold, held, flight, _proof: () })
}

/// The worst case of the method. What has no price is denied, whoever asks.
fn price(timely: &Timely<'_>, line: &mut Line<'_>) -> Result<Money, Refusal> {
    let identified = &timely.located.identified;
    let upstream = identified.arrival.upstream;
    if !upstream.profile.offers(identified.operation) {
        return Err(Denial::new(DenialCode::OperationDenied, "the provider does not have this operation").into());
    }
    let submit = identified.operation.submit().ok_or_else(|| Denial::new(DenialCode::OperationDenied, "not a submission"))?;
    line.observe(judge::permits_method(&identified.key.policy, submit.method))?;
    if upstream.is_stopped(submit.method) {
        return Err(
            Denial::new(DenialCode::OperationDenied, "the provider charged more than the price table says: the method is stopped").into()
        );
    }
    if let Some(callback) = &submit.callback {
        let host = callback.host().ok_or_else(|| Denial::new(DenialCode::CallbackDenied, "the callback is not a plain URL"))?;
        line.observe(judge::permits_callback(&identified.key.policy, host))?;
    }
    let missing = || Denial::new(DenialCode::OperationDenied, format!("no price is known for the method `{}`", submit.method));
    Ok(upstream.prices.worst_case(submit.method).ok_or_else(missing)?)
}

fn take_off(count: Arc<AtomicUsize>, most: usize) -> Result<Flight, Refusal> {
    let before = count.fetch_add(1, Ordering::Relaxed);
    let flight = Flight(count);
    if before < most {
        Ok(flight)
    } else {
        Err(Denial::new(DenialCode::Overloaded, "too many calls of this key are in flight").retry_after(1_000).into())
    }
}

#[cfg(test)]
mod tests;
