//! Whose task is this, and what may its owner know of its own allowance? The room of the free reads.

use tollgate_books::LimitView;
use tollgate_dialect::{Answering, Operation};
use tollgate_model::{Amount, Denial, DenialCode, LimitKind, Money, Scope};

use super::identify::Identified;
use super::locate::Located;
use super::record::Line;
use crate::fault::{self, Place};
use crate::refusal::{Refusal, Reply};
use crate::worker::Worker;

/// A free read of tasks that are all the presenting key's own.
pub struct Owned<'a> {
    pub(super) located: Located<'a>,
    /// Private: only this room makes one.
    _proof: (),
}

/// What a key without any cap in money is told that it has: SDKs ask only whether it is above zero.
const UNCAPPED: Money = Money::from_nanos(1_000_000 * 1_000_000_000);

/// Every task named must be this key's; one that is not makes the call the same as one for an id that nobody has.
pub(crate) async fn task<'a>(located: Located<'a>, worker: &Worker) -> Result<Owned<'a>, Refusal> {
    fault::at(Place::Own);
    let Identified { operation, key, .. } = &located.identified;
    let account = &key.attachment.upstream.account;
    for task in operation.tasks() {
        match worker.gate.books.owner(account, key.id, *task).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(Denial::new(DenialCode::NotOwner, "no task of this key has this id").into()),
            Err(error) => return Err(Denial::new(DenialCode::BooksUnavailable, error.to_string()).retry_after(1_000).into()),
        }
    }
    Ok(Owned { located, _proof: () })
}

/// Balance and threads, made from the key's own allowance; the account's are nobody's business.
pub(crate) async fn allowance(located: &Located<'_>, worker: &Worker, line: &Line<'_>) -> Reply {
    let Identified { operation, key, arrival, .. } = &located.identified;
    let bound = &key.attachment;
    let views = worker.gate.books.view(&bound.upstream.account, &bound.limits).await;
    let answering = Answering { profile: &bound.upstream.profile, form: line.form, id: arrival.id };
    let mut body = Vec::with_capacity(64);
    if matches!(operation, Operation::Threads) {
        let open = bound.upstream.account.open_holds(&Scope::Key(key.id));
        let crowded = bound.upstream.crowd.is_there(arrival.now.mono);
        let (threads, working) = threads(&views, open, bound.upstream.threads, crowded);
        answering.threads(threads, working, &mut body);
    } else {
        answering.balance(balance(&views, bound.upstream.prices.iter().map(|(_, price)| price).min()), &mut body);
    }
    Reply::dialect(arrival.id, line.form, body)
}

/// What is left of the tightest cap in money of the key and its team; of the account where they have none; of a key that is
/// capped in tasks alone, those tasks at the lowest listed price (REFUSALS.md).
fn balance(views: &[LimitView], price: Option<Money>) -> Money {
    let left = |own: bool, money: bool| {
        let of = |view: &&LimitView| own != matches!(view.limit.scope, Scope::Upstream(_)) && is_cap(view, money);
        views.iter().filter(of).map(|view| view.left).min()
    };
    let tasks = |left: i64| price.unwrap_or(Money::ZERO).checked_mul(left).unwrap_or(UNCAPPED);
    let own = left(true, true).map(Money::from_nanos).or_else(|| left(true, false).map(tasks));
    own.or_else(|| left(false, true).map(Money::from_nanos)).unwrap_or(UNCAPPED)
}

fn is_cap(view: &LimitView, money: bool) -> bool {
    match view.limit.kind {
        LimitKind::Cap { amount: Amount::Money(_), .. } => money,
        LimitKind::Cap { amount: Amount::Tasks(_), .. } => !money,
        LimitKind::Rate(_) | LimitKind::Concurrency(_) => false,
    }
}

/// The key's concurrency limit and its open tasks; the plan's threads where the key has none. A key that would be refused for
/// now, in its rate or in anybody's open tasks, by us or by the provider, is told that all are busy: SDKs that ask before they
/// give up then wait, and would else say that the account has expired (REFUSALS.md).
fn threads(views: &[LimitView], open: u32, plan: Option<u32>, crowded: bool) -> (u32, u32) {
    let mut threads = None;
    let mut working = open;
    let mut limited = crowded;
    for view in views {
        limited |= view.left <= 0 && matches!(view.limit.kind, LimitKind::Rate(_) | LimitKind::Concurrency(_));
        match view.limit.kind {
            LimitKind::Concurrency(most) if threads.is_none_or(|tightest| most < tightest) => {
                threads = Some(most);
                working = u32::try_from(view.used).unwrap_or(u32::MAX);
            }
            LimitKind::Concurrency(_) | LimitKind::Rate(_) | LimitKind::Cap { .. } => {}
        }
    }
    let threads = threads.or(plan).unwrap_or_else(|| open.max(THREADS_UNLIMITED));
    (threads, if limited { threads } else { working.min(threads) })
}

/// What a key without any limit on open tasks is told.
const THREADS_UNLIMITED: u32 = 100;

#[cfg(test)]
mod tests;
