//! Three gates on one PostgreSQL and one Redis, and what can befall any of them: never a cent over a cap that they share.

mod burst;
mod fault;
mod figures;
mod loss;

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;

use self::burst::{Told, burst};
use self::fault::Fault;
pub use self::figures::Figures;
pub use self::loss::{Loss, losses};
use crate::chance::Chance;
use crate::http::call;
use crate::link::{Link, Wire};
use crate::postgres::Postgres;
use crate::process::instant;
use crate::redis::Redis;
use crate::stand::{Setup, Stand, poll, submission};

/// Nano-dollars of a task, and of the cap of each round's key.
const PRICE: i64 = 100_000_000;
const CAP: i64 = 10 * PRICE;
/// Requests at one instant, over all gates.
const CROWD: usize = 500;
/// Within it a cluster that is whole again has its books in order.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes so many rounds; an error names what did not hold, the round and the seed.
pub fn run(rounds: u32, seed: u64) -> Result<Figures> {
    let mut cluster = Cluster::new(seed)?;
    for round in 1..=rounds {
        cluster.round(round).with_context(|| format!("seed {seed}, round {round}"))?;
    }
    Ok(cluster.figures)
}

/// A gate, and the wires from it.
struct Member {
    stand: Stand,
    book: Link,
    rates: Link,
    provider: Link,
}

struct Cluster {
    members: Vec<Member>,
    server: Postgres,
    redis: Redis,
    chance: Chance,
    figures: Figures,
}

impl Cluster {
    fn new(seed: u64) -> Result<Self> {
        let (server, redis) = (Postgres::start()?, Redis::start(&[])?);
        let mut members: Vec<Member> = Vec::new();
        for name in ["a", "b", "c"] {
            let (book, rates, provider) = (Link::new()?, Link::new()?, Link::new()?);
            book.lead_to(([127, 0, 0, 1], server.port()).into());
            rates.lead_to(([127, 0, 0, 1], redis.port()).into());
            let url = Postgres::url_at(book.at().port());
            let top = format!("store = \"{url}\"\ninstance = \"{name}\"\nrates = \"redis://{}\"\ngates = 3", rates.at());
            let more = "[limits]\ncalls_per_key = 1000\n";
            let upstream = "governor = false";
            let stand = Stand::with(Setup { top: &top, more, upstream, origin: Some(provider.at()), ..Setup::default() })?;
            provider.lead_to(members.first().map_or(stand.provider, |first| first.stand.provider));
            members.push(Member { stand, book, rates, provider });
        }
        let keys: Vec<String> = members.iter().map(|member| member.stand.real_key.clone()).collect();
        let cluster = Self { members, server, redis, chance: Chance(seed | 1), figures: Figures::new(seed) };
        cluster.first()?.mode(&json!({ "keys": keys, "balance": "1000000" }))?;
        Ok(cluster)
    }

    /// The gate whose sandbox all of them buy from.
    fn first(&self) -> Result<&Stand> {
        Ok(&self.members.first().context("no gate")?.stand)
    }

    fn member(&mut self, place: usize) -> Result<&mut Member> {
        self.members.get_mut(place).context("no such gate")
    }

    /// One key with one cap, a crowd at one instant, and what befalls the cluster meanwhile.
    fn round(&mut self, round: u32) -> Result<()> {
        let name = format!("round-{round}");
        let key = self.first()?.key(&name, json!({ "caps": ["1/day"], "rate": "60000/min burst 2000" }))?;
        self.heard_of(&name)?;
        let before = self.first()?.charged()?.nanos();
        // one in five rounds is left alone
        let fault = (!round.is_multiple_of(5)).then(|| Fault::of(&mut self.chance));
        let (wait, lasts) = (self.chance.below(40), 50 + self.chance.below(1_200));
        let doors: Vec<_> = self.members.iter().map(|member| member.stand.at).collect();
        let crowd = thread::spawn({
            let target = submission(&key);
            move || burst(&doors, &target, CROWD)
        });
        if let Some(fault) = fault {
            thread::sleep(Duration::from_millis(wait));
            self.strike(fault)?;
            thread::sleep(Duration::from_millis(lasts));
            self.mend(fault)?;
        }
        let told = crowd.join().map_err(|_| anyhow::anyhow!("the crowd ended by a fault of its own"))??;
        self.judge(&name, &key, before, fault, told).with_context(|| format!("{fault:?} after {wait} ms, for {lasts} ms"))
    }

    /// Waits until every gate knows the key.
    fn heard_of(&self, name: &str) -> Result<()> {
        let (began, path) = (instant(), format!("/v1/keys/{name}"));
        for member in &self.members {
            while member.stand.admin("GET", &path, None)?.status != 200 {
                ensure!(began.elapsed() < PATIENCE, "a gate does not hear of {name}: {}", member.stand.gate.printed());
                thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    /// The provider's books, the gates' own, and what is left.
    fn judge(&mut self, name: &str, key: &str, before: i64, fault: Option<Fault>, told: Told) -> Result<()> {
        let charged = self.first()?.charged()?.nanos() - before;
        self.figures.over += (charged - CAP).max(0);
        ensure!(charged <= CAP, "the provider charged {charged} over a cap of {CAP}");
        let bought = i64::try_from(told.bought.len())? * PRICE;
        ensure!(bought <= charged, "{bought} was answered with a task, {charged} was charged");
        ensure!(fault.is_some() || bought == CAP, "nothing befell it, and {bought} was bought of {CAP}: {:?}", told.refused);
        let late = self.spend_the_rest(key)?;
        let charged = self.first()?.charged()?.nanos() - before;
        self.figures.over += (charged - CAP).max(0);
        ensure!(charged <= CAP, "the provider charged {charged} over a cap of {CAP}, once the rest was spent");
        for task in told.bought.iter().chain(&late) {
            let tries = self.fetched(key, task)?;
            ensure!(fault.is_some() || tries == self.members.len(), "nothing befell it, and a gate did not know whose task {task} is");
        }
        let ours = self.ours(name, charged)?;
        ensure!(
            ours == CAP,
            "all is spent, {charged} was charged, and our books say {ours} of {CAP}: {:?} {}",
            told.refused,
            self.shown(name)?
        );
        // what was sent and not answered may have been charged or not; of everything else the provider has its money
        let lost = fault.is_some_and(Fault::leaves_unknown);
        ensure!(lost || charged == CAP, "{charged} of {CAP} was charged, and nothing can be unknown");
        self.figures.add(fault, told, late.len(), charged);
        Ok(())
    }

    /// Buys at every gate in turn until each has said that the cap is reached; gives the tasks.
    fn spend_the_rest(&self, key: &str) -> Result<Vec<String>> {
        let (began, mut tasks) = (instant(), Vec::new());
        let mut done = vec![false; self.members.len()];
        while !done.iter().all(|done| *done) {
            ensure!(began.elapsed() < PATIENCE, "the rest cannot be spent: {done:?}");
            for (member, done) in self.members.iter().zip(&mut done) {
                let answer = call(member.stand.at, &submission(key))?;
                *done = answer.denied() == Some("cap_reached");
                tasks.extend(answer.task().map(str::to_owned));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(tasks)
    }

    /// A task can be fetched at every gate, wherever it was bought; gives how many polls that took.
    fn fetched(&self, key: &str, task: &str) -> Result<usize> {
        let (began, mut tries) = (instant(), 0);
        for member in &self.members {
            loop {
                tries += 1;
                let answer = call(member.stand.at, &poll(key, task))?;
                if answer.body.starts_with("OK|") {
                    break;
                }
                ensure!(began.elapsed() < PATIENCE, "task {task} is answered {:?} {}", answer.denied(), answer.body);
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(tries)
    }

    /// What the gates' book says was spent by the key, once it knows of everything that was charged and all that is reserved.
    fn ours(&self, name: &str, charged: i64) -> Result<i64> {
        let began = instant();
        loop {
            let usage = self.first()?.ask("GET", "/v1/usage?by=key&since=2d", None)?;
            let rows = usage.get("rows").and_then(Value::as_array).context("no rows")?;
            let row = rows.iter().find(|row| row.get("key").and_then(Value::as_str) == Some(name));
            let sums = ["settled", "held", "unknown"].map(|sum| row.and_then(|row| row.get(sum)?.as_str()));
            let ours = sums.into_iter().flatten().map(|sum| Ok(Money::parse(sum)?.nanos())).sum::<Result<i64>>()?;
            if ours >= CAP.max(charged) || began.elapsed() > PATIENCE {
                return Ok(ours);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The key as each gate shows it.
    fn shown(&self, name: &str) -> Result<String> {
        let shown = self.members.iter().map(|member| Ok(member.stand.ask("GET", &format!("/v1/keys/{name}"), None)?.to_string()));
        Ok(shown.collect::<Result<Vec<_>>>()?.join(" "))
    }

    fn strike(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Gate(place) => self.member(place)?.stand.gate.kill()?,
            Fault::Book => self.server.kill()?,
            Fault::Rates => self.redis.kill(),
            Fault::BookWire(place, wire) => self.member(place)?.book.set(wire),
            Fault::RatesWire(place, wire) => self.member(place)?.rates.set(wire),
            Fault::ProviderWire(place) => self.member(place)?.provider.set(Wire::Broken),
            Fault::Apart(place) => {
                let member = self.member(place)?;
                member.book.set(Wire::Silent);
                member.rates.set(Wire::Silent);
            }
        }
        Ok(())
    }

    fn mend(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Gate(place) => drop(self.member(place)?.stand.restart()?),
            Fault::Book => self.server.begin()?,
            Fault::Rates => self.redis.begin()?,
            Fault::BookWire(place, _) | Fault::RatesWire(place, _) | Fault::ProviderWire(place) | Fault::Apart(place) => {
                let member = self.member(place)?;
                for link in [&member.book, &member.rates, &member.provider] {
                    link.set(Wire::Whole);
                }
            }
        }
        Ok(())
    }
}
