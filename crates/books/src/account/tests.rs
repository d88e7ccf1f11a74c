use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tollgate_model::{Limit, LimitKind, Mono, Name};

use super::*;
use crate::memory::MemoryStore;
use crate::{Books, Ending};

const DIME: Money = Money::from_nanos(100_000_000);

/// Books with a clock that tests set, and one account.
struct Desk {
    books: Arc<Books>,
    account: Arc<Account>,
    wall: Arc<AtomicI64>,
    next: AtomicU64,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Desk {
    async fn on(store: Arc<MemoryStore>, at: &str) -> Self {
        let wall = Arc::new(AtomicI64::new(Timestamp::parse_rfc3339(at).unwrap().millis()));
        let clock = wall.clone();
        let now = move || Now { wall: Timestamp::from_millis(clock.load(Ordering::Relaxed)), mono: Mono::from_nanos(1) };
        let (books, clerk, _) = Books::open(store, "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        spawn(async move { drop(clerk.run(async { drop(stopped.await) }).await) });
        let account = books.account(&Name::parse("p").unwrap(), 600_000);
        Self { books, account, wall, next: AtomicU64::new(1), _stop: stop }
    }

    async fn new() -> Self {
        Self::on(Arc::new(MemoryStore::default()), "2026-11-23T12:00:00Z").await
    }

    fn now(&self) -> Now {
        Now { wall: Timestamp::from_millis(self.wall.load(Ordering::Relaxed)), mono: Mono::from_nanos(1) }
    }

    fn set(&self, at: &str) {
        self.wall.store(Timestamp::parse_rfc3339(at).unwrap().millis(), Ordering::Relaxed);
    }

    fn limit(&self, kind: LimitKind) -> LimitIx {
        self.account.bind(&Limit::new(Scope::Key(KeyId::from_bytes([1; 16])), kind), self.now())
    }

    async fn reserve(&self, limits: &[LimitIx]) -> Result<crate::Hold, Denial> {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number);
        let request = RequestId::from_bytes(id);
        let key = KeyId::from_bytes([1; 16]);
        let wish = Wish { request, key, team: None, method: "m", cost: DIME, limits, observe_rate: false };
        self.books.reserve(&self.account, &wish, self.now()).await
    }

    /// As many as are admitted of so many.
    async fn admitted(&self, limits: &[LimitIx], tries: usize) -> usize {
        let mut count = 0;
        for _ in 0..tries {
            if let Ok(hold) = self.reserve(limits).await {
                hold.send().unknown();
                count += 1;
            }
        }
        count
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

#[tokio::test]
async fn bu_01_many_at_once_are_admitted_to_the_cap_and_not_one_more() {
    let desk = Desk::new().await;
    let cap = [desk.limit(LimitKind::parse_cap("1/day").unwrap())];
    let tries = (0..500).map(|_| desk.reserve(&cap));
    let mut holds: Vec<_> = futures(tries).await.into_iter().flatten().collect();
    assert_eq!(holds.len(), 10);
    // what returns can be taken again, to the last cent
    holds.truncate(7);
    assert_eq!(desk.admitted(&cap, 20).await, 3);
}

/// Polls them all in turn until each is done.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(move |context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(std::mem::take(&mut done)) } else { std::task::Poll::Pending }
    })
    .await
}

#[tokio::test]
async fn bu_04_a_no_of_one_limit_takes_nothing_of_the_others() {
    let desk = Desk::new().await;
    let wide = desk.limit(LimitKind::parse_cap("10/day").unwrap());
    let tight = desk.limit(LimitKind::parse_tasks("2/day").unwrap());
    assert_eq!(desk.admitted(&[wide, tight], 1_000).await, 2);
    assert_eq!(desk.admitted(&[wide], 1_000).await, 98);
}

#[tokio::test]
async fn bu_05_a_cap_is_reached_exactly_and_a_nano_dollar_under_it_is_under_it() {
    let desk = Desk::new().await;
    let exact = [desk.limit(LimitKind::parse_cap("0.3/day").unwrap())];
    assert_eq!(desk.admitted(&exact, 9).await, 3);
    let fresh = Desk::new().await;
    let under = [fresh.limit(LimitKind::parse_cap("0.299999999/day").unwrap())];
    assert_eq!(fresh.admitted(&under, 9).await, 2);
    // and a limit that is set later counts what was spent before
    let late = [desk.limit(LimitKind::parse_cap("0.4/month").unwrap())];
    assert_eq!(desk.admitted(&late, 9).await, 1);
}

#[tokio::test]
async fn tm_01_midnight_of_the_caps_zone_opens_a_new_day_once_and_a_step_back_does_not_open_the_old_one() {
    let desk = Desk::new().await;
    let cap = [desk.limit(LimitKind::parse_cap("0.2/day Europe/Berlin").unwrap())];
    desk.set("2026-11-23T22:59:59.900Z");
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    desk.set("2026-11-23T23:00:00.100Z");
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    desk.set("2026-11-23T22:59:00Z");
    assert_eq!(desk.admitted(&cap, 9).await, 0, "the clock is in doubt");
    desk.set("2026-11-23T23:10:00Z");
    assert_eq!(desk.admitted(&cap, 9).await, 0, "the day is spent");
}

#[tokio::test]
async fn bu_08_a_task_settles_once_and_what_it_did_not_cost_returns_once() {
    let desk = Desk::new().await;
    let cap = [desk.limit(LimitKind::parse_cap("0.3/day").unwrap())];
    let task = TaskId::parse(b"77").unwrap();
    desk.reserve(&cap).await.unwrap().send().opened(task, desk.now(), 600_000).unwrap();
    let cheap = Ending::Answered(Some(Money::from_nanos(40_000_000)));
    assert_eq!(desk.account.end(task, cheap, desk.now()).map(|closed| closed.settled.nanos()), Some(40_000_000));
    assert_eq!(desk.account.end(task, Ending::Refunded, desk.now()), None);
    // 0.26 are left: two more
    assert_eq!(desk.admitted(&cap, 9).await, 2);
}

#[tokio::test]
async fn bu_28_raising_a_cap_frees_the_difference_and_forgets_nothing_that_was_spent() {
    let desk = Desk::new().await;
    let cap = [desk.limit(LimitKind::parse_cap("0.2/day").unwrap())];
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    for _ in 0..100 {
        desk.limit(LimitKind::parse_cap("0.2/day").unwrap());
    }
    assert_eq!(desk.admitted(&cap, 9).await, 0);
    desk.limit(LimitKind::parse_cap("0.5/day").unwrap());
    assert_eq!(desk.admitted(&cap, 9).await, 3);
    desk.limit(LimitKind::parse_cap("0.1/day").unwrap());
    assert_eq!(desk.admitted(&cap, 9).await, 0);
}

#[tokio::test]
async fn rl_10_a_permit_returns_with_the_hold_that_took_it() {
    let desk = Desk::new().await;
    let limits = [desk.limit(LimitKind::Concurrency(2))];
    let (one, two) = (desk.reserve(&limits).await.unwrap(), desk.reserve(&limits).await.unwrap());
    assert_eq!(desk.reserve(&limits).await.err().map(|denial| denial.code), Some(tollgate_model::DenialCode::ConcurrencyLimited));
    drop(one);
    two.send().void(desk.now());
    for _ in 0..1_000 {
        drop(desk.reserve(&limits).await.unwrap());
    }
    assert_eq!(desk.account.open_holds(&Scope::Key(KeyId::from_bytes([1; 16]))), 0);
}

#[tokio::test]
async fn two_accounts_share_a_teams_cap_to_the_cent() {
    let desk = Desk::new().await;
    let other = desk.books.account(&Name::parse("q").unwrap(), 600_000);
    let team = Limit::new(Scope::Team(Name::parse("crew").unwrap()), LimitKind::parse_cap("1/day").unwrap());
    let crew = Name::parse("crew").unwrap();
    let mut admitted = 0;
    for number in 0..60_u8 {
        let account = if number % 2 == 0 { &desk.account } else { &other };
        let limits = [account.bind(&team, desk.now())];
        let request = RequestId::from_bytes([number + 1; 16]);
        let key = KeyId::from_bytes([1; 16]);
        let wish = Wish { request, key, team: Some(&crew), method: "m", cost: DIME, limits: &limits, observe_rate: false };
        if let Ok(hold) = desk.books.reserve(account, &wish, desk.now()).await {
            hold.send().unknown();
            admitted += 1;
        }
    }
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn rl_01_a_burst_is_whole_in_whatever_order_its_requests_come_to_the_books() {
    let desk = Desk::new().await;
    let rate = [desk.limit(LimitKind::Rate(tollgate_model::Rate { per_minute: 60, burst: 3 }))];
    let mut admitted = 0;
    for (number, nanos) in [9_000, 4_000, 1_000, 2_000].into_iter().enumerate() {
        let now = Now { wall: desk.now().wall, mono: Mono::from_nanos(1_000_000_000 + nanos) };
        let request = RequestId::from_bytes([u8::try_from(number).unwrap() + 1; 16]);
        let key = KeyId::from_bytes([1; 16]);
        let wish = Wish { request, key, team: None, method: "m", cost: DIME, limits: &rate, observe_rate: false };
        if let Tried::Held(hold) = desk.account.try_reserve(&wish, now) {
            hold.send().unknown();
            admitted += 1;
        }
    }
    assert_eq!(admitted, 3);
}

#[tokio::test]
async fn an_observed_key_is_let_past_its_own_rate_and_not_past_the_accounts() {
    let desk = Desk::new().await;
    let kind = LimitKind::Rate(tollgate_model::Rate { per_minute: 60, burst: 1 });
    let own = desk.limit(kind.clone());
    let shared = desk.account.bind(&Limit::new(Scope::Upstream(Name::parse("p").unwrap()), kind), desk.now());
    let key = KeyId::from_bytes([1; 16]);
    for (limits, first, admitted) in [([own], 1, [true, true]), ([shared], 3, [true, false])] {
        let tries = [first, first + 1].map(|number| {
            let request = RequestId::from_bytes([number; 16]);
            let wish = Wish { request, key, team: None, method: "m", cost: DIME, limits: &limits, observe_rate: true };
            let tried = desk.account.try_reserve(&wish, desk.now());
            if let Tried::Held(hold) = tried {
                hold.send().unknown();
                return true;
            }
            false
        });
        assert_eq!(tries, admitted);
    }
}

#[tokio::test]
async fn a_request_that_waits_for_the_mutex_is_counted() {
    let desk = Desk::new().await;
    let account = &desk.account;
    account.task(KeyId::from_bytes([1; 16]), TaskId::parse(b"1").unwrap());
    assert_eq!(account.waits(), 0);
    let held = account.state.lock();
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| account.task(KeyId::from_bytes([1; 16]), TaskId::parse(b"1").unwrap()));
        while account.waits() == 0 && !asker.is_finished() {
            std::thread::yield_now();
        }
        drop(held);
    });
    assert_eq!(account.waits(), 1);
}

#[tokio::test]
async fn a_limit_of_open_tasks_says_when_the_next_is_likely_to_end_by_how_long_they_took() {
    let desk = Desk::new().await;
    let limits = [desk.limit(LimitKind::Concurrency(2))];
    let (first, _second) = (desk.reserve(&limits).await.unwrap().send(), desk.reserve(&limits).await.unwrap().send());
    let wait = async || desk.reserve(&limits).await.err().and_then(|denial| denial.retry_after_ms);
    assert_eq!(wait().await, Some(5_000), "none has ended yet");
    desk.set("2026-11-23T12:00:30Z");
    first.settle(DIME, desk.now());
    // what is not sent tells nothing
    drop(desk.reserve(&limits).await.unwrap());
    let _third = desk.reserve(&limits).await.unwrap().send();
    assert_eq!(wait().await, Some(10_000), "of three that take half a minute one ends every ten seconds");
}
