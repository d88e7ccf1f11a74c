use std::pin::pin;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Notify;
use tollgate_model::{Money, Mono, RequestId, TaskId};

use super::*;
use crate::memory::MemoryStore;
use crate::orphans::Adopting;
use crate::port::{Counter, HoldRow, Holder, Lease, LeaseWant, Opened, Reply};

/// A book whose posts do not end for as long as it hangs, and whose leases are told late.
#[derive(Default)]
pub(super) struct Hanging {
    book: MemoryStore,
    /// What another gate has left.
    pub(super) left: parking_lot::Mutex<Vec<HoldRow>>,
    hangs: AtomicBool,
    posts: AtomicUsize,
    leases: AtomicUsize,
    prompt: AtomicBool,
    /// How long each answer takes.
    slow_ms: AtomicU64,
    /// Whether leases fail at once.
    fails: AtomicBool,
    told: Notify,
}

impl Hanging {
    async fn takes_its_time(&self) {
        let slow = self.slow_ms.load(Ordering::Relaxed);
        if slow > 0 {
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
    }
}

impl Store for Hanging {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        self.book.open(instance, boot, journal_whole)
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        Box::pin(async move {
            self.leases.fetch_add(1, Ordering::Relaxed);
            self.takes_its_time().await;
            if self.fails.load(Ordering::Relaxed) {
                return Err(StoreError::Down("a full disk".to_owned()));
            }
            let leases = self.book.lease(fence, wants).await;
            if !self.prompt.load(Ordering::Relaxed) {
                self.told.notified().await;
            }
            leases
        })
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, given: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        self.posts.fetch_add(1, Ordering::Relaxed);
        if self.hangs.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        Box::pin(async move {
            self.takes_its_time().await;
            self.book.post(fence, facts, upto, given).await
        })
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        self.book.owner(upstream, task)
    }

    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        self.book.unsettled(behind, most)
    }

    fn adopt(&self, _fence: Fence, adopting: Adopting) -> Reply<'_, Vec<HoldRow>> {
        let left = self.left.lock().iter().filter(|row| adopting.accounts.contains(&row.upstream)).cloned().collect();
        Box::pin(async { Ok(left) })
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        self.book.spent(key, from, to)
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        self.book.usage(since, until)
    }
}

pub(super) struct Desk {
    pub(super) store: Arc<Hanging>,
    pub(super) books: Arc<Books>,
    pub(super) account: Arc<Account>,
}

impl Desk {
    /// Nobody tends the book: a test says when it is told.
    pub(super) async fn new() -> Self {
        let store = Arc::new(Hanging::default());
        let (books, _, _) = Books::open(store.clone(), "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
        let account = books.account(&Name::parse("p").unwrap(), 600_000);
        store.posts.store(0, Ordering::Relaxed);
        Self { store, books, account }
    }

    /// A hold under these limits, or that the book must be asked first.
    fn try_reserve(&self, number: u8, limits: &[LimitIx]) -> Option<Hold> {
        let (key, cost, request) = (KeyId::from_bytes([1; 16]), Money::from_nanos(1), RequestId::from_bytes([number; 16]));
        let wish = Wish { request, key, team: None, method: "m", cost, limits, observe_rate: false };
        if let Tried::Held(hold) = self.account.try_reserve(&wish, now()) { Some(hold) } else { None }
    }

    async fn spend(&self, number: u16) {
        let (key, cost) = (KeyId::from_bytes([1; 16]), Money::from_nanos(1));
        let mut id = [0; 16];
        id[14..].copy_from_slice(&number.to_be_bytes());
        let request = RequestId::from_bytes(id);
        let wish = Wish { request, key, team: None, method: "m", cost, limits: &[], observe_rate: false };
        self.books.reserve(&self.account, &wish, now()).await.unwrap().send().unknown();
    }

    async fn spent(&self) -> i64 {
        self.books.usage("2026-11-01", "2026-11-30").await.unwrap().iter().map(|row| row.unknown.nanos()).sum()
    }
}

pub(super) fn now() -> Now {
    Now { wall: Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap(), mono: Mono::from_nanos(1) }
}

#[tokio::test]
async fn whoever_asks_for_usage_and_goes_away_takes_no_fact_along() {
    let desk = Desk::new().await;
    desk.spend(1).await;
    desk.store.hangs.store(true, Ordering::Relaxed);
    tokio::select! {
        biased;
        _ = desk.spent() => panic!("the book hangs"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(desk.store.posts.load(Ordering::Relaxed), 1, "it was on its way");
    desk.store.hangs.store(false, Ordering::Relaxed);
    assert_eq!(desk.spent().await, 1);
}

#[tokio::test]
async fn a_later_post_does_not_overtake_one_that_is_on_its_way() {
    let desk = Desk::new().await;
    desk.spend(1).await;
    desk.store.hangs.store(true, Ordering::Relaxed);
    let mut first = pin!(desk.spent());
    let mut second = pin!(async {
        desk.spend(2).await;
        desk.spent().await
    });
    for _ in 0..3 {
        tokio::select! {
            biased;
            _ = &mut first => panic!("the book hangs"),
            _ = &mut second => panic!("the book hangs"),
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(desk.store.posts.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn many_facts_are_told_in_steps_and_none_is_left_out() {
    let desk = Desk::new().await;
    for number in 0..1_200 {
        desk.spend(number).await;
    }
    assert_eq!(desk.spent().await, 1_200);
    assert_eq!(desk.store.posts.load(Ordering::Relaxed), 3, "2,400 facts in steps of 1,000");
}

#[tokio::test]
async fn what_happens_while_the_book_tells_of_a_window_is_counted_once() {
    let desk = Desk::new().await;
    let [first, second] = [1, 2].map(|number| desk.try_reserve(number, &[]).unwrap().send());
    let [kept, unsent, dropped] = [3, 4, 5].map(|number| desk.try_reserve(number, &[]).unwrap());
    let kind = tollgate_model::LimitKind::parse_cap("0.000000009/day").unwrap();
    let scope = tollgate_model::Scope::Key(KeyId::from_bytes([1; 16]));
    let cap = [desk.account.bind(&tollgate_model::Limit::new(scope, kind), now())];
    assert!(desk.try_reserve(6, &cap).is_none(), "the book has not told");
    let mut leased = pin!(desk.books.lease());
    tokio::select! {
        biased;
        _ = &mut leased => panic!("the book tells late"),
        () = std::future::ready(()) => {}
    }
    // the book counts two, which return meanwhile; of three that are reserved one is sent and one dropped
    first.void(now());
    second.void(now());
    let sent = unsent.send();
    drop(dropped);
    desk.store.told.notify_one();
    leased.await.unwrap();
    assert_eq!(desk.books.view(&desk.account, &cap).await[0].used, 2);
    sent.unknown();
    drop(kept);
    assert_eq!(desk.account.view(&cap, now())[0].used, 1);
}

#[tokio::test]
async fn bu_28_a_slice_that_was_asked_for_before_a_cap_was_lowered_and_told_after_is_not_spent() {
    let desk = Desk::new().await;
    let scope = tollgate_model::Scope::Team(Name::parse("crew").unwrap());
    let bind = |text: &str| {
        let kind = tollgate_model::LimitKind::parse_cap(text).unwrap();
        [desk.account.bind(&tollgate_model::Limit::new(scope.clone(), kind), now())]
    };
    let cap = bind("1/day");
    assert!(desk.try_reserve(1, &cap).is_none(), "the book has not told");
    let mut leased = pin!(desk.books.lease());
    tokio::select! {
        biased;
        _ = &mut leased => panic!("the book tells late"),
        () = std::future::ready(()) => {}
    }
    bind("0.5/day");
    assert!(desk.try_reserve(2, &cap).is_none());
    desk.store.told.notify_one();
    leased.await.unwrap();
    assert!(desk.try_reserve(3, &cap).is_none(), "another account may have leased the whole of it meanwhile");
}

#[tokio::test]
async fn bu_28_what_was_leased_of_a_cap_that_is_lowered_is_not_spent_before_the_book_has_told_again() {
    let desk = Desk::new().await;
    let bind = |text: &str| {
        let kind = tollgate_model::LimitKind::parse_cap(text).unwrap();
        [desk.account.bind(&tollgate_model::Limit::new(tollgate_model::Scope::Key(KeyId::from_bytes([1; 16])), kind), now())]
    };
    let cap = bind("1/day");
    assert!(desk.try_reserve(1, &cap).is_none(), "the book has not told");
    desk.store.told.notify_one();
    desk.books.lease().await.unwrap();
    assert!(desk.try_reserve(2, &cap).is_some());
    bind("0.5/day");
    assert!(desk.try_reserve(3, &cap).is_none(), "another gate may have leased what lies above meanwhile");
    desk.store.told.notify_one();
    desk.books.lease().await.unwrap();
    assert!(desk.try_reserve(4, &cap).is_some());
}

#[tokio::test]
async fn what_the_journal_has_more_than_the_book_is_told_in_steps_too() {
    let store = Arc::new(Hanging::default());
    let fact = |number: u64| {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let (key, held) = (KeyId::from_bytes([1; 16]), Money::from_nanos(1));
        let (request, upstream, method) = (RequestId::from_bytes(id), Name::parse("p").unwrap(), "m".to_owned());
        ("w0".to_owned(), number, Fact::Held { request, key, team: None, upstream, method, at: now().wall, held })
    };
    let lines: Vec<_> = (1..=2_500).map(fact).collect();
    let (_, _, recovered) = Books::open(store.clone(), "gate", "boot", true, lines, Arc::new(now)).await.unwrap();
    assert_eq!((recovered.replayed, recovered.unknown.len()), (2_500, 2_500));
    assert_eq!(store.posts.load(Ordering::Relaxed), 3);
    assert_eq!(store.book.marks().get("w0"), Some(&2_500));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_what_others_have_leased_asks_the_book_no_more_than_it_must() {
    let store = Arc::new(Hanging::default());
    store.prompt.store(true, Ordering::Relaxed);
    let (books, clerk, _) = Books::open(store.clone(), "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
    let mut clerks = tokio::task::JoinSet::new();
    clerks.spawn(clerk.run(std::future::pending()));
    let crew = Name::parse("crew").unwrap();
    let kind = tollgate_model::LimitKind::parse_cap("0.000000002/day").unwrap();
    let limit = tollgate_model::Limit::new(tollgate_model::Scope::Team(crew.clone()), kind);
    let spend = async |account: &str, number: u8| {
        let account = books.account(&Name::parse(account).unwrap(), 600_000);
        let (limits, request) = ([account.bind(&limit, now())], RequestId::from_bytes([number; 16]));
        let (key, cost) = (KeyId::from_bytes([1; 16]), Money::from_nanos(1));
        let wish = Wish { request, key, team: Some(&crew), method: "m", cost, limits: &limits, observe_rate: false };
        books.reserve(&account, &wish, now()).await.map(|hold| hold.send().unknown()).map_err(|denial| denial.code)
    };
    assert_eq!((spend("p", 1).await, spend("p", 2).await), (Ok(()), Ok(())));
    let before = store.leases.load(Ordering::Relaxed);
    assert_eq!(spend("q", 3).await, Err(DenialCode::CapReached));
    let (leases, posts) = (store.leases.load(Ordering::Relaxed) - before, store.posts.load(Ordering::Relaxed));
    assert!(leases <= 4, "{leases} leases");
    assert_eq!(spend("q", 4).await, Err(DenialCode::CapReached));
    assert_eq!(store.posts.load(Ordering::Relaxed), posts, "there is nothing to call back");
}

#[tokio::test]
async fn a_slice_that_was_asked_for_under_a_raise_and_told_after_its_end_is_not_spent() {
    let desk = Desk::new().await;
    let other = desk.books.account(&Name::parse("q").unwrap(), 600_000);
    let crew = Name::parse("crew").unwrap();
    let kind = tollgate_model::LimitKind::parse_cap("0.000000005/day").unwrap();
    let until = now().wall.plus_millis(1_000);
    let raise = tollgate_model::Raise { amount: tollgate_model::Amount::Money(Money::from_nanos(10)), until };
    let limit = tollgate_model::Limit { raise: Some(raise), ..tollgate_model::Limit::new(tollgate_model::Scope::Team(crew.clone()), kind) };
    let try_reserve = |account: &Arc<Account>, number: u8, cost: i64, wall: Timestamp| {
        let (limits, at) = ([LimitIx(0)], Now { wall, ..now() });
        let (key, cost, request) = (KeyId::from_bytes([1; 16]), Money::from_nanos(cost), RequestId::from_bytes([number; 16]));
        let wish = Wish { request, key, team: Some(&crew), method: "m", cost, limits: &limits, observe_rate: false };
        if let Tried::Held(hold) = account.try_reserve(&wish, at) { Some(hold) } else { None }
    };
    assert_eq!([&desk.account, &other].map(|account| account.bind(&limit, now())), [LimitIx(0); 2]);
    assert!(try_reserve(&desk.account, 0, 1, now().wall).is_none(), "the book has not told");
    desk.store.prompt.store(true, Ordering::Relaxed);
    assert!(try_reserve(&other, 1, 4, now().wall).is_none());
    desk.books.lease().await.unwrap();
    let four = try_reserve(&other, 2, 4, now().wall).unwrap();
    assert!(try_reserve(&desk.account, 3, 5, now().wall).is_none(), "the slice is too small");
    desk.store.prompt.store(false, Ordering::Relaxed);
    let mut leased = pin!(desk.books.lease());
    tokio::select! {
        biased;
        _ = &mut leased => panic!("the book tells late"),
        () = std::future::ready(()) => {}
    }
    assert!(try_reserve(&desk.account, 4, 5, until).is_none());
    desk.store.told.notify_one();
    leased.await.unwrap();
    assert!(try_reserve(&desk.account, 5, 2, until).is_none(), "four of five are spent");
    assert!(try_reserve(&desk.account, 6, 1, until).is_some());
    drop(four);
}

/// A cap of so many nano-dollars of the key, tended by a clerk.
async fn tended(store: &Arc<Hanging>, cap: &str) -> (Arc<Books>, Arc<Account>, [LimitIx; 1], tokio::task::JoinSet<Result<(), StoreError>>) {
    store.prompt.store(true, Ordering::Relaxed);
    let begin = tokio::time::Instant::now();
    let clock = move || Now { mono: Mono::from_nanos(u64::try_from(begin.elapsed().as_nanos()).unwrap()), ..now() };
    let (books, clerk, _) = Books::open(store.clone(), "gate", "boot", true, Vec::new(), Arc::new(clock)).await.unwrap();
    let account = books.account(&Name::parse("p").unwrap(), 600_000);
    let kind = tollgate_model::LimitKind::parse_cap(cap).unwrap();
    let limit = tollgate_model::Limit::new(tollgate_model::Scope::Key(KeyId::from_bytes([1; 16])), kind);
    let cap = [account.bind(&limit, now())];
    let mut clerks = tokio::task::JoinSet::new();
    clerks.spawn(clerk.run(std::future::pending()));
    (books, account, cap, clerks)
}

async fn reserve(books: &Books, account: &Arc<Account>, cap: &[LimitIx], number: u32, cost: i64) -> Result<Hold, DenialCode> {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    let (key, cost, request) = (KeyId::from_bytes([1; 16]), Money::from_nanos(cost), RequestId::from_bytes(id));
    let wish = Wish { request, key, team: None, method: "m", cost, limits: cap, observe_rate: false };
    books.reserve(account, &wish, (books.clock)()).await.map_err(|denial| denial.code)
}

#[tokio::test(start_paused = true)]
async fn bu_35_a_hundred_thousand_calls_just_under_the_cap_of_a_book_that_is_slow_are_all_admitted() {
    let store = Arc::new(Hanging::default());
    let (books, account, cap, _clerks) = tended(&store, "0.000001/total").await;
    reserve(&books, &account, &cap, 0, 999).await.unwrap().send().unknown();
    store.slow_ms.store(90, Ordering::Relaxed);
    for number in 1..=100_000 {
        let hold = reserve(&books, &account, &cap, number, 1).await.unwrap_or_else(|code| panic!("call {number}: {code:?}"));
        hold.send().void(now());
        if number % 1_000 == 0 {
            // the slice goes back and is asked for again
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
    }
    assert_eq!(reserve(&books, &account, &cap, 200_000, 2).await.err(), Some(DenialCode::CapReached));
}

#[tokio::test(start_paused = true)]
async fn ft_01_a_book_that_cannot_be_written_refuses_within_a_quarter_of_a_second_and_goes_on_when_it_can() {
    let store = Arc::new(Hanging::default());
    let (books, account, cap, _clerks) = tended(&store, "1/day").await;
    store.fails.store(true, Ordering::Relaxed);
    store.slow_ms.store(3, Ordering::Relaxed);
    for number in 0..5 {
        let began = tokio::time::Instant::now();
        assert_eq!(reserve(&books, &account, &cap, number, 1).await.err(), Some(DenialCode::BooksUnavailable));
        assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
    }
    store.fails.store(false, Ordering::Relaxed);
    assert!(reserve(&books, &account, &cap, 9, 1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_others_are_told_of_is_in_the_book_and_a_book_that_hangs_keeps_nobody_waiting() {
    let desk = Desk::new().await;
    tokio::select! {
        _ = Clerk(desk.books.clone()).run(std::future::pending()) => panic!("nobody stops it"),
        () = tell_others(&desk) => {}
    }
}

async fn tell_others(desk: &Desk) {
    let open = |number: u8| {
        let task = TaskId::parse(number.to_string().as_bytes()).unwrap();
        desk.try_reserve(number, &[]).unwrap().send().opened(task, now(), 600_000).unwrap();
        task
    };
    desk.store.slow_ms.store(5, Ordering::Relaxed);
    // whoever comes while a post is on its way is in the next
    let (first, began) = (open(1), Instant::now());
    let early = async {
        desk.books.tell_others().await;
        desk.store.owner(desk.account.name(), first).await.unwrap()
    };
    let late = async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let task = open(2);
        desk.books.tell_others().await;
        desk.store.owner(desk.account.name(), task).await.unwrap()
    };
    let (first, second) = tokio::join!(early, late);
    assert!(first.is_some() && second.is_some() && began.elapsed() < Duration::from_millis(20), "{:?}", began.elapsed());
    desk.store.hangs.store(true, Ordering::Relaxed);
    open(3);
    let began = Instant::now();
    desk.books.tell_others().await;
    assert!(began.elapsed() <= Duration::from_millis(101), "{:?}", began.elapsed());
}

/// Two accounts of one team whose cap is spent, and the holds: one for each account.
async fn spent_together(store: &Arc<Hanging>) -> (Arc<Books>, [Arc<Account>; 2], [Hold; 2], tokio::task::JoinSet<Result<(), StoreError>>) {
    store.prompt.store(true, Ordering::Relaxed);
    let (books, clerk, _) = Books::open(store.clone(), "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
    let mut clerks = tokio::task::JoinSet::new();
    clerks.spawn(clerk.run(std::future::pending()));
    let accounts = ["p", "q"].map(|name| books.account(&Name::parse(name).unwrap(), 600_000));
    for account in &accounts {
        account.bind(&of_crew("0.000000010/day"), now());
    }
    let [first, second] = [0, 1].map(|which: u8| crew_wish(which + 1, 5));
    let holds = [books.reserve(&accounts[0], &first, now()).await.unwrap(), books.reserve(&accounts[1], &second, now()).await.unwrap()];
    (books, accounts, holds, clerks)
}

fn of_crew(cap: &str) -> tollgate_model::Limit {
    let kind = tollgate_model::LimitKind::parse_cap(cap).unwrap();
    tollgate_model::Limit::new(tollgate_model::Scope::Team(Name::parse("crew").unwrap()), kind)
}

fn crew_wish(number: u8, cost: i64) -> Wish<'static> {
    static CREW: std::sync::LazyLock<Name> = std::sync::LazyLock::new(|| Name::parse("crew").unwrap());
    let (key, cost, request) = (KeyId::from_bytes([1; 16]), Money::from_nanos(cost), RequestId::from_bytes([number; 16]));
    Wish { request, key, team: Some(&CREW), method: "m", cost, limits: &[LimitIx(0)], observe_rate: false }
}

/// What trying comes to without another word of anybody: held, refused, or that others must be asked.
fn tried(account: &Arc<Account>, wish: &Wish<'_>, at: Now) -> &'static str {
    match account.try_reserve(wish, at) {
        Tried::Held(_) => "held",
        Tried::Refused(denial) if denial.code == DenialCode::CapReached => "full",
        Tried::Refused(_) => "refused",
        Tried::Cold { .. } => "asks",
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_cap_of_several_accounts_refuses_again_without_asking_them_all() {
    let store = Arc::new(Hanging::default());
    let (books, [p, q], holds, _clerks) = spent_together(&store).await;
    assert_eq!(tried(&q, &crew_wish(3, 1), now()), "asks");
    let denial = books.reserve(&q, &crew_wish(3, 1), now()).await.err().unwrap();
    assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::CapReached, Some(12 * 3_600_000)));
    let leases = store.leases.load(Ordering::Relaxed);
    for _ in 0..1_000 {
        let denial = books.reserve(&q, &crew_wish(3, 1), now()).await.err().unwrap();
        assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::CapReached, Some(12 * 3_600_000)));
    }
    assert_eq!(tried(&q, &crew_wish(3, 1), now()), "full");
    assert_eq!(tried(&p, &crew_wish(3, 1), now()), "asks", "another account asks for itself, once");
    assert_eq!(store.leases.load(Ordering::Relaxed), leases, "nobody was asked for any of them");
    drop(holds);
}

#[tokio::test(start_paused = true)]
async fn what_returns_at_another_account_is_admitted_at_once_after_a_refusal() {
    for is_sent in [false, true] {
        let store = Arc::new(Hanging::default());
        let (books, [_, q], [first, _second], _clerks) = spent_together(&store).await;
        assert!(books.reserve(&q, &crew_wish(3, 1), now()).await.is_err());
        assert_eq!(tried(&q, &crew_wish(3, 1), now()), "full");
        if is_sent {
            first.send().void(now());
        } else {
            drop(first);
        }
        assert_eq!(tried(&q, &crew_wish(3, 1), now()), "asks", "{is_sent}");
        assert!(books.reserve(&q, &crew_wish(3, 5), now()).await.is_ok(), "{is_sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_found_full_is_not_full_with_a_higher_cap_for_less_or_on_the_next_day() {
    let store = Arc::new(Hanging::default());
    let (books, [p, q], _holds, _clerks) = spent_together(&store).await;
    for account in [&p, &q] {
        account.bind(&of_crew("0.000000012/day"), now());
    }
    assert!(books.reserve(&q, &crew_wish(3, 3), now()).await.is_err());
    assert_eq!([3, 2].map(|cost| tried(&q, &crew_wish(4, cost), now())), ["full", "asks"]);
    assert!(books.reserve(&q, &crew_wish(5, 2), now()).await.is_ok(), "and it was unsent again");
    assert!(books.reserve(&q, &crew_wish(3, 3), now()).await.is_err());
    assert_eq!(tried(&q, &crew_wish(4, 3), now()), "full");
    let tomorrow = Now { wall: now().wall.plus_millis(12 * 3_600_000), ..now() };
    assert_eq!(tried(&q, &crew_wish(6, 3), tomorrow), "asks");
    assert!(books.reserve(&q, &crew_wish(6, 3), tomorrow).await.is_ok());
    for account in [&p, &q] {
        account.bind(&of_crew("0.000000030/day"), tomorrow);
    }
    assert!(books.reserve(&q, &crew_wish(7, 20), tomorrow).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_correction_that_takes_off_is_heard_by_an_account_that_was_found_full() {
    let store = Arc::new(Hanging::default());
    let (books, [p, q], [first, second], _clerks) = spent_together(&store).await;
    let closed = first.send().settle(Money::from_nanos(5), now());
    drop((closed, second.send()));
    assert!(books.reserve(&q, &crew_wish(3, 1), now()).await.is_err());
    assert_eq!(tried(&q, &crew_wish(3, 1), now()), "full");
    let (key, team, upstream) = (KeyId::from_bytes([1; 16]), Some(Name::parse("crew").unwrap()), Name::parse("p").unwrap());
    let (request, method, at) = (RequestId::from_bytes([9; 16]), "m".to_owned(), now().wall);
    p.adjust(crate::adjust::Adjustment { request, key, team, upstream, method, at, amount: Money::from_nanos(-2) }, now());
    assert!(books.reserve(&q, &crew_wish(3, 2), now()).await.is_ok());
}
