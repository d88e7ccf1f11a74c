//! Short concurrent histories of the real books, each of which some sequential order of a plain counter must explain.
//!
//! Several callers of two keys reserve and return under caps of their own and of one team while the caps change. Every step is
//! noted with the instants between which it happened; the search for an order is Wing and Gong's. A counter for each cap is model
//! enough: a reservation looks at no more than the sums of its caps, and changes no more than those, in one step.

mod order;
mod record;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::task::JoinSet;
use tollgate_books::memory::MemoryStore;
use tollgate_books::{Account, Books, Hold, LimitIx, Wish};
use tollgate_model::{Amount, DenialCode, KeyId, Limit, LimitKind, Money, Mono, Name, Now, Period, RequestId, Scope, Timestamp, Zone};

use self::order::{Step, What};
use self::record::Record;
use crate::chance::Chance;
use crate::process::instant;

/// Callers of a history, of which the last changes caps too.
const CALLERS: u64 = 4;
/// Turns of a caller: up to two steps each.
const TURNS: u64 = 3;
/// Nano-dollars of a task at the smallest; caps are a few of them.
const UNIT: i64 = 100_000_000;

/// What the histories came to.
#[derive(Debug, Default)]
pub struct Figures {
    histories: u64,
    steps: u64,
    admitted: u64,
    refused: u64,
    changed: u64,
    /// Calls that the book did not answer in time: it always answers, so there is none.
    late: u64,
    /// Pairs of steps that overlapped: without any, nothing concurrent was seen.
    overlaps: u64,
}

/// Tells so many from a seed on; an error shows the history that no order explains. With `apart` the two keys of the team are keys of
/// two accounts, which lease their parts of the team's cap.
pub fn run(histories: u64, from: u64, apart: bool) -> Result<Figures> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    let mut figures = Figures::default();
    for seed in from..from + histories {
        let (steps, late) = runtime.block_on(tell(seed, apart)).with_context(|| format!("seed {seed}"))?;
        if !order::explains(&steps) {
            let told: Vec<String> = steps.iter().map(|step| format!("  {step}")).collect();
            bail!("seed {seed}: no sequential order explains\n{}", told.join("\n"));
        }
        figures.add(&steps);
        figures.late += late;
    }
    ensure!(figures.late == 0, "the book answers, and some were told that it does not:\n{figures}");
    Ok(figures)
}

/// One history.
async fn tell(seed: u64, apart: bool) -> Result<(Vec<Step>, u64)> {
    let began = instant();
    let now = move || at(began);
    let store = Arc::new(MemoryStore::default());
    let (books, clerk, _) = Books::open(store, "gate", "boot", true, Vec::new(), Arc::new(now)).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut tending = JoinSet::new();
    tending.spawn(clerk.run(async { drop(stopped.await) }));
    let places = [Place::settle(&books, 0, 0, began)?, Place::settle(&books, 1, u8::from(apart), began)?];
    let record = Arc::new(Record::default());
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number * 7_919) | 1);
        let caller = Caller { number, books: books.clone(), places: places.clone(), record: record.clone(), chance, began };
        callers.spawn(caller.work());
    }
    while let Some(ended) = callers.join_next().await {
        ended.context("a caller fell")??;
    }
    let _ = stop.send(());
    tending.join_next().await.context("no clerk")???;
    Ok((record.take(), record.late()))
}

fn at(began: Instant) -> Now {
    let mono = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    Now { wall: Timestamp::from_millis(1_795_424_400_000), mono: Mono::from_nanos(mono) }
}

/// A key of the team, and its account.
#[derive(Clone)]
struct Place {
    number: usize,
    account: Arc<Account>,
    key: KeyId,
    limits: [LimitIx; 2],
}

impl Place {
    fn settle(books: &Books, number: usize, account: u8, began: Instant) -> Result<Self> {
        let account = books.account(&Name::parse(&format!("account-{account}"))?, 600_000);
        let key = KeyId::from_bytes([u8::try_from(number)? + 1; 16]);
        let of_key = account.bind(&cap(Scope::Key(key), order::BEGIN_KEY), at(began));
        let of_team = account.bind(&cap(Scope::Team(Name::parse("crew")?), order::BEGIN_TEAM), at(began));
        Ok(Self { number, account, key, limits: [of_key, of_team] })
    }
}

fn cap(scope: Scope, units: i64) -> Limit {
    let amount = Amount::Money(Money::from_nanos(units * UNIT));
    Limit::new(scope, LimitKind::Cap { amount, period: Period::Day, zone: Zone::utc() })
}

struct Caller {
    number: u64,
    books: Arc<Books>,
    places: [Place; 2],
    record: Arc<Record>,
    chance: Chance,
    began: Instant,
}

impl Caller {
    async fn work(mut self) -> Result<()> {
        for turn in 0..TURNS {
            let place = self.places.get(usize::try_from(self.chance.below(2))?).context("two places")?.clone();
            if self.number == CALLERS - 1 && self.chance.below(2) == 0 {
                self.change(&place)?;
            } else {
                self.buy(&place, turn).await?;
            }
        }
        Ok(())
    }

    fn change(&mut self, place: &Place) -> Result<()> {
        let (of_team, units) = (self.chance.below(2) == 0, 1 + i64::try_from(self.chance.below(8))?);
        let scope = if of_team { Scope::Team(Name::parse("crew")?) } else { Scope::Key(place.key) };
        let begun = self.record.begin();
        let told: Vec<&Place> = self.places.iter().filter(|other| of_team || other.number == place.number).collect();
        for place in &told {
            place.account.bind(&cap(scope.clone(), units), at(self.began));
        }
        // of a team each account is told by itself, one after the other
        self.record.end(begun, told.iter().map(|place| What::Change { place: place.number, of_team, units }));
        Ok(())
    }

    async fn buy(&mut self, place: &Place, turn: u64) -> Result<()> {
        let units = 1 + i64::try_from(self.chance.below(3))?;
        let crew = Name::parse("crew")?;
        let mut random = [0; 10];
        random[..2].copy_from_slice(&[u8::try_from(self.number)?, u8::try_from(turn)?]);
        let (request, cost) = (RequestId::new(at(self.began).wall, random), Money::from_nanos(units * UNIT));
        let wish = Wish { request, key: place.key, team: Some(&crew), method: "m", cost, limits: &place.limits, observe_rate: false };
        let begun = self.record.begin();
        let tried = self.books.reserve(&place.account, &wish, at(self.began)).await;
        match tried {
            Ok(hold) => {
                self.record.end(begun, [What::Reserve { place: place.number, units, admitted: true }]);
                self.end(place, hold, units);
                Ok(())
            }
            Err(denial) if denial.code == DenialCode::CapReached => {
                self.record.end(begun, [What::Reserve { place: place.number, units, admitted: false }]);
                Ok(())
            }
            // no word about a cap, and nothing was changed
            Err(denial) if denial.code == DenialCode::BooksUnavailable => {
                self.record.is_late();
                Ok(())
            }
            Err(denial) => Err(anyhow!("{:?}: {}", denial.code, denial.reason)),
        }
    }

    /// Dropped, returned, settled at less, or kept.
    fn end(&mut self, place: &Place, hold: Hold, units: i64) {
        let way = self.chance.below(5);
        let now = at(self.began);
        let begun = self.record.begin();
        let returned = match way {
            0 => {
                drop(hold);
                units
            }
            1 => {
                hold.send().void(now);
                units
            }
            2 => {
                hold.send().settle(Money::from_nanos(UNIT), now);
                units - 1
            }
            _ => {
                hold.send().unknown();
                0
            }
        };
        self.record.end(begun, [What::Return { place: place.number, units: returned }]);
    }
}

impl Figures {
    fn add(&mut self, steps: &[Step]) {
        self.histories += 1;
        self.steps += steps.len() as u64;
        for step in steps {
            match step.what {
                What::Reserve { admitted: true, .. } => self.admitted += 1,
                What::Reserve { admitted: false, .. } => self.refused += 1,
                What::Change { .. } => self.changed += 1,
                What::Return { .. } => {}
            }
            let crosses = |other: &&Step| other.begun < step.begun && step.begun < other.ended;
            self.overlaps += steps.iter().filter(crosses).count() as u64;
        }
    }

    /// Reservations that were admitted, that were refused, and pairs of steps that overlapped.
    pub const fn seen(&self) -> (u64, u64, u64) {
        (self.admitted, self.refused, self.overlaps)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, steps, admitted, refused, changed, late, overlaps } = self;
        write!(
            out,
            "{histories} histories of {steps} steps, each explained by a sequential order: {admitted} admitted, {refused} refused, \
             {changed} caps changed, {overlaps} overlaps; {late} calls were not answered in time"
        )
    }
}
