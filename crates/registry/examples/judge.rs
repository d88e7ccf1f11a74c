//! How fast is a judgement? Prints nanoseconds for a request of one of so many keys: whose it is, from where and when, within
//! which allowance.
//!
//! `cargo run --release -p tollgate-registry --example judge [requests [keys]]`: every limit is set and none binds; slices are leased
//! before, and each hold is returned unsent.

use std::error::Error;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tollgate_books::{Account, Books, LimitIx, Tried, Wish};
use tollgate_model::{KeyId, Money, Mono, Name, Now, Pepper, Rate, RequestId, Timestamp};
use tollgate_policy::judge::{self, Judged};
use tollgate_policy::{Hours, Methods, PriceTable, Pricing};
use tollgate_registry::{
    Allow, Applied, Cap, Edit, Found, KeyRecord, KeyTerms, LimitTerms, MemoryStore, Open, Peppering, Registry, RegistryStore, StoredSecret,
    TaskCap,
};

type Done<T> = Result<T, Box<dyn Error>>;

/// Requests that are timed together: less than the kernel's slice of time.
const STRETCH: u32 = 1_000;
const METHOD: &str = "userrecaptcha";
const AT: Timestamp = Timestamp::from_millis(1_795_424_400_000);
const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

struct Ground {
    keys: u32,
    registry: Registry<Box<[LimitIx]>>,
    account: Arc<Account>,
    prices: PriceTable,
    secrets: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done<()> {
    let word = |place, otherwise: u32| std::env::args().nth(place).map_or(Ok(otherwise), |word| word.parse());
    let (requests, keys) = (word(1, 1_000_000)?, word(2, 10_000)?);
    let (books, clerk, _) =
        Books::open(Arc::new(tollgate_books::memory::MemoryStore::default()), "gate", "boot", true, Vec::new(), Arc::new(|| now(0)))
            .await?;
    let account = books.account(&name("bench")?, 600_000);
    let ground = Ground::new(account, keys).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let measured = async {
        ground.lease(&books).await?;
        ground.measure(requests)?;
        drop(stop);
        Ok(())
    };
    let tended = clerk.run(async { drop(stopped.await) });
    let (measured, tended) = tokio::join!(measured, tended);
    tended?;
    measured
}

impl Ground {
    async fn new(account: Arc<Account>, keys: u32) -> Done<Self> {
        let (store, pepper) = (Arc::new(MemoryStore::new()), || Pepper::new([7; 32]));
        let mut secrets = Vec::new();
        for number in 0..keys {
            let secret = format!("tgk_{number:028}");
            let hash = pepper().hash(secret.as_bytes());
            let done = store.apply(u64::from(number), Edit::Key(record(number, hash)?)).await?;
            assert_eq!(done, Applied::Done);
            secrets.push(secret);
        }
        let bound = account.clone();
        let attach = Box::new(move |_: &KeyRecord, limits: &[tollgate_model::Limit], _: Option<&Box<[LimitIx]>>| {
            Some(limits.iter().map(|limit| bound.bind(limit, now(0))).collect())
        });
        let random = |block: &mut [u8]| {
            block.fill(1);
            true
        };
        let registry = Registry::open(Open { store, pepper: Peppering::Given(pepper()), random, attach }).await?;
        let prices = PriceTable::new(Pricing::Task, [(METHOD, Money::from_nanos(2_990_000))])?;
        Ok(Self { keys, registry, account, prices, secrets })
    }

    /// Every key once: all ask, so that one round leases for all, and then each waits for its own.
    async fn lease(&self, books: &Arc<Books>) -> Done<()> {
        let found: Vec<_> = self.secrets.iter().filter_map(|secret| self.whose(secret)).collect();
        for (found, number) in found.iter().zip(0..) {
            drop(self.account.try_reserve(&self.wish(found, number)?, now(number)));
        }
        for (found, number) in found.iter().zip(0..) {
            drop(books.reserve(&self.account, &self.wish(found, number)?, now(number)).await.map_err(|denial| denial.reason)?);
        }
        Ok(())
    }

    fn measure(&self, requests: u32) -> Done<()> {
        let found: Vec<_> = self.secrets.iter().map(|secret| self.whose(secret)).collect::<Option<_>>().ok_or("an unknown key")?;
        let at = |place: usize| found.get(place).ok_or("no key");
        let whose = self.each(requests, |secret, _, _| {
            black_box(self.whose(secret)).ok_or("an unknown key")?;
            Ok(())
        })?;
        let pure = self.each(requests, |_, place, number| agreed(at(place)?, now(number)))?;
        let allowance = self.each(requests, |_, place, number| self.held(at(place)?, number))?;
        let judgement = self.each(requests, |secret, _, number| {
            let found = self.whose(secret).ok_or("an unknown key")?;
            agreed(&found, now(number))?;
            self.held(&found, number)
        })?;
        for (what, nanoseconds) in [("identity", whose), ("network and time", pure), ("allowance", allowance), ("judgement", judgement)] {
            println!("{what:>16} {nanoseconds:>7} ns");
        }
        Ok(())
    }

    /// Nanoseconds a request, over all keys in turn: the middle of many short stretches, so that a busy machine's pauses are
    /// not in it.
    #[expect(clippy::disallowed_methods, reason = "a measurement is of real time")]
    fn each(&self, requests: u32, mut work: impl FnMut(&str, usize, u32) -> Done<()>) -> Done<u128> {
        let mut stretches = Vec::new();
        let mut keys = self.secrets.iter().enumerate().cycle();
        for stretch in 0..(requests / STRETCH).max(1) {
            let began = Instant::now();
            for (number, (place, secret)) in (0..STRETCH).zip(keys.by_ref()) {
                work(black_box(secret), place, self.keys + stretch * STRETCH + number)?;
            }
            stretches.push(began.elapsed());
        }
        stretches.sort_unstable();
        let middle = stretches.get(stretches.len() / 2).ok_or("nothing was measured")?;
        Ok(middle.as_nanos() / u128::from(STRETCH))
    }

    fn whose(&self, secret: &str) -> Option<Found<Box<[LimitIx]>>> {
        let hash = self.registry.pepper().hash(secret.as_bytes());
        self.registry.snapshot().find(&hash, AT)
    }

    fn wish<'a>(&self, found: &'a Found<Box<[LimitIx]>>, number: u32) -> Done<Wish<'a>> {
        let [a, b, c, d] = number.to_be_bytes();
        let request = RequestId::new(AT, [0, 0, 0, 0, 0, 0, a, b, c, d]);
        let cost = self.prices.worst_case(METHOD).ok_or("no price")?;
        Ok(Wish { request, key: found.key.id, team: None, method: METHOD, cost, limits: &found.key.attachment, observe_rate: false })
    }

    /// Holds, and gives back.
    fn held(&self, found: &Found<Box<[LimitIx]>>, number: u32) -> Done<()> {
        match self.account.try_reserve(&self.wish(found, number)?, now(number)) {
            Tried::Held(hold) => {
                drop(black_box(hold));
                Ok(())
            }
            Tried::Refused(denial) => Err(denial.reason.into()),
            Tried::Cold { .. } => Err("a slice is cold".into()),
        }
    }
}

/// The pure judgements, in the order of the rooms.
fn agreed(found: &Found<Box<[LimitIx]>>, now: Now) -> Done<()> {
    let policy = black_box(&found.key.policy);
    let all = judge::unended(policy, now.wall, found.key.last_used())
        .and(judge::locate(policy, Ok(FROM), now.wall))
        .and(judge::timely(policy, now.wall))
        .and(judge::permits_method(policy, METHOD));
    if black_box(all) == Judged::Agreed { Ok(()) } else { Err("a judgement was no".into()) }
}

fn record(number: u32, hash: tollgate_model::CredentialHash) -> Done<KeyRecord> {
    let limits = LimitTerms {
        caps: vec![Cap::parse("1000000/day Europe/Berlin")?, Cap::parse("9000000/month")?],
        tasks: vec![TaskCap::parse("100000000/day")?],
        rate: Some(Rate::parse("6000000/min")?),
        concurrency: Some(1_000_000),
        uncapped: false,
    };
    let terms = KeyTerms {
        allow: Allow::parse(&["127.0.0.0/8"])?,
        hours: Some(Hours::parse("Mon-Sun 00:00-24:00 Europe/Berlin")?),
        methods: Methods::only([METHOD, "base64"]),
        limits,
        ..KeyTerms::default()
    };
    let [a, b, c, d] = number.to_be_bytes();
    Ok(KeyRecord {
        id: KeyId::new(AT, [0, 0, 0, 0, 0, 0, a, b, c, d]),
        name: name(&format!("bench-{number}"))?,
        upstream: name("bench")?,
        terms,
        secrets: vec![StoredSecret { hash, hint: "0000".to_owned(), created: AT, expires: None }],
        paused: None,
        revoked: None,
        created: AT,
        version: 0,
    })
}

fn name(text: &str) -> Done<Name> {
    Ok(Name::parse(text)?)
}

/// A microsecond after the last request.
fn now(number: u32) -> Now {
    Now { wall: AT, mono: Mono::from_nanos(u64::from(number) * 1_000 + 1) }
}
