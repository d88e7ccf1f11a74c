use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use tollgate_model::{KeyId, Limit, LimitKind, Money, RequestId, Timestamp};

use super::*;
use crate::memory::MemoryStore;
use crate::slot::LimitIx;

/// A shared counter that answers as it is told.
#[derive(Default)]
struct Told {
    answers: Mutex<Vec<Answer>>,
    asked: AtomicUsize,
    given_back: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Answer {
    All,
    Late,
    WouldBeLate,
    Away(Share),
}

impl Rates for Told {
    fn take<'a>(&'a self, _: Ask<'a>) -> Pin<Box<dyn Future<Output = Taken> + Send + 'a>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.lock().unwrap().pop().unwrap();
        let given_back = self.given_back.clone();
        let token = Token::new(move || {
            given_back.fetch_add(1, Ordering::Relaxed);
        });
        let late = Late { which: 0, wait: 1_500_000 };
        Box::pin(async move {
            match answer {
                Answer::All => Taken::All(token, None),
                Answer::WouldBeLate => Taken::All(token, Some(late)),
                Answer::Late => {
                    token.spend();
                    Taken::None(late)
                }
                Answer::Away(share) => {
                    token.spend();
                    Taken::Away(share)
                }
            }
        })
    }
}

struct Desk {
    books: Arc<Books>,
    account: Arc<Account>,
    rates: Told,
    paced: [Arc<Paced>; 1],
}

const KEY: KeyId = KeyId::from_bytes([1; 16]);
const RATE: Rate = Rate { per_minute: 60, burst: 6 };

fn now() -> Now {
    Now { wall: Timestamp::from_millis(1_764_000_000_000), mono: Mono::from_nanos(10_000_000_000) }
}

impl Desk {
    async fn new(answers: &[Answer]) -> Self {
        let (books, _, _) = Books::open(Arc::new(MemoryStore::default()), "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
        let account = books.account(&Name::parse("p").unwrap(), 600_000);
        let rates = Told { answers: Mutex::new(answers.iter().rev().copied().collect()), ..Told::default() };
        Self { books, account, rates, paced: [Arc::new(Paced::new(Scope::Key(KEY), RATE))] }
    }

    fn bind(&self, kind: LimitKind) -> LimitIx {
        self.account.bind(&Limit::new(Scope::Key(KEY), kind), now())
    }

    async fn reserve(&self, number: u8, limits: &[LimitIx], at: Now) -> Result<Hold, Denial> {
        let request = RequestId::from_bytes([number; 16]);
        let wish = Wish { request, key: KEY, team: None, method: "m", cost: Money::from_nanos(1), limits, observe_rate: false };
        self.books.reserve_shared(&self.account, &wish, &self.rates, &self.paced, at).await
    }

    fn counts(&self) -> (usize, usize) {
        (self.rates.asked.load(Ordering::Relaxed), self.rates.given_back.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_rate_that_is_counted_elsewhere_is_not_counted_here_and_what_is_sent_keeps_what_it_took() {
    let desk = Desk::new(&[Answer::All; 20]).await;
    let limits = [desk.bind(LimitKind::Rate(RATE))];
    for number in 0..20 {
        let _ = desk.reserve(number, &limits, now()).await.unwrap().send();
    }
    assert_eq!(desk.counts(), (20, 0));
}

#[tokio::test]
async fn what_is_refused_anyway_asks_for_no_rate() {
    let desk = Desk::new(&[Answer::All; 3]).await;
    let limits = [desk.bind(LimitKind::Rate(RATE)), desk.bind(LimitKind::Concurrency(1))];
    let _open = desk.reserve(0, &limits, now()).await.unwrap();
    let denial = desk.reserve(1, &limits, now()).await.err().unwrap();
    assert_eq!((denial.code, desk.counts()), (DenialCode::ConcurrencyLimited, (1, 0)));
}

#[tokio::test]
async fn i_6_what_is_refused_after_all_or_not_sent_gives_back_what_it_took() {
    let desk = Desk::new(&[Answer::All; 3]).await;
    let limits = [desk.bind(LimitKind::Rate(RATE))];
    drop(desk.reserve(0, &limits, now()).await.unwrap());
    assert_eq!(desk.counts(), (1, 1));
    let _first = desk.reserve(1, &limits, now()).await.unwrap();
    // an id in use is refused under the mutex only
    assert!(desk.reserve(1, &limits, now()).await.is_err());
    assert_eq!(desk.counts(), (3, 2));
}

#[tokio::test]
async fn rl_05_a_shared_rate_that_has_none_left_refuses_with_the_time_to_wait_and_holds_nothing() {
    let desk = Desk::new(&[Answer::Late, Answer::WouldBeLate]).await;
    let limits = [desk.bind(LimitKind::Rate(RATE)), desk.bind(LimitKind::Concurrency(1))];
    let denial = desk.reserve(0, &limits, now()).await.err().unwrap();
    assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::RateLimited, Some(2)));
    assert!(denial.reason.contains("60/min burst 6"), "{}", denial.reason);
    let hold = desk.reserve(1, &limits, now()).await.unwrap();
    assert_eq!(hold.would_deny().map(|denial| denial.code), Some(DenialCode::RateLimited));
}

#[tokio::test]
async fn rl_07_while_the_shared_counter_is_away_the_gate_s_own_share_holds() {
    let share = |from| Answer::Away(Share { of: 3, from: Mono::from_nanos(from) });
    let desk = Desk::new(&[share(10_000_000_000), share(10_000_000_000), share(10_000_000_000), share(14_000_000_000)]).await;
    let limits = [desk.bind(LimitKind::Rate(RATE))];
    let after = |millis| Now { mono: now().mono.plus_millis(millis), ..now() };
    let denial = desk.reserve(0, &limits, now()).await.err().unwrap();
    assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::RateLimited, Some(3_000)), "a third of a token a second");
    let _ = desk.reserve(1, &limits, after(3_000)).await.unwrap().send();
    assert!(desk.reserve(2, &limits, after(5_999)).await.is_err());
    // another absence begins with nothing again
    assert!(desk.reserve(3, &limits, after(6_000)).await.is_err());
}
