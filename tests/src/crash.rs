//! SIGKILL at random moments under load: never a cent over, nothing free lost, every purchase written down.

mod callers;
mod figures;
mod journal;
mod points;

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;

use self::callers::{Callers, Told};
pub use self::figures::Figures;
pub use self::points::{midnights, points};
use crate::chance::Chance;
use crate::http::{call, exchange};
use crate::stand::{Setup, Stand, poll, submission};

/// Kills of one key's life.
const KILLS_A_KEY: u32 = 25;
/// Callers at once.
const CALLERS: u64 = 6;
/// Nano-dollars of a task.
const PRICE: i64 = 100_000_000;
/// Restarts take no longer.
const RESTART: Duration = Duration::from_secs(2);

/// One key under load and kills.
struct Life {
    name: String,
    key: String,
    cap: i64,
    /// A cap of ten tasks that is reached under the kills; else one that is never near.
    tight: bool,
}

/// What the gate says of a key, in nano-dollars.
struct Used {
    settled: i64,
    held: i64,
    unknown: i64,
}

impl Used {
    const fn all(&self) -> i64 {
        self.settled + self.held + self.unknown
    }
}

/// Runs that many kills; an error names what did not hold, and the seed.
pub fn run(kills: u32, seed: u64) -> Result<Figures> {
    let mut run = Run::new(seed, false)?;
    while run.figures.kills < kills {
        let round = (kills - run.figures.kills).min(KILLS_A_KEY);
        run.live(round).with_context(|| format!("seed {seed}, key {}", run.figures.keys))?;
    }
    run.finish().with_context(|| format!("seed {seed}"))
}

struct Run {
    stand: Stand,
    chance: Chance,
    figures: Figures,
    /// Request ids of every submission that was answered with a task.
    bought: BTreeSet<String>,
}

impl Run {
    fn new(seed: u64, fault: bool) -> Result<Self> {
        let stand = Stand::with(Setup { fault, more: "[limits]\ncalls_per_key = 1000\n", ..Setup::default() })?;
        stand.mode(&json!({ "latency_ms": 2, "balance": "1000000" }))?;
        Ok(Self { stand, chance: Chance(seed | 1), figures: Figures::new(seed), bought: BTreeSet::new() })
    }

    /// A fresh key: three of four well below their cap, one that reaches it.
    fn live(&mut self, kills: u32) -> Result<()> {
        self.figures.keys += 1;
        let tight = self.figures.keys % 4 == 2;
        let (text, cap) = if tight { ("1/month", 10 * PRICE) } else { ("100000/month", 1_000_000 * PRICE) };
        let name = format!("life-{}", self.figures.keys);
        let key = self.stand.key(&name, json!({ "caps": [text] }))?;
        let life = Life { name, key, cap, tight };
        let before = self.stand.charged()?.nanos();
        // ten tasks last through the kills only where callers take their time
        let pause = Duration::from_millis(if tight { 400 } else { 0 });
        let callers = Callers::start(self.stand.at, &life.key, CALLERS, pause, &mut self.chance);
        self.kill(kills)?;
        let told = callers.stop();
        thread::sleep(Duration::from_millis(100));
        self.compare(&life, before, told?)
    }

    /// Kills at random moments, and once a life the machine's way: a line that was half written.
    fn kill(&mut self, kills: u32) -> Result<()> {
        let torn = self.chance.below(u64::from(kills));
        for kill in 0..kills {
            thread::sleep(Duration::from_millis(5 + self.chance.below(146)));
            self.stand.gate.kill()?;
            if u64::from(kill) == torn {
                journal::tear(&self.stand.audit())?;
            }
            self.figures.tails += journal::half_lines(&self.stand.audit())?;
            let took = self.stand.restart()?;
            self.figures.kills += 1;
            self.figures.restarts.push(took);
            ensure!(took <= RESTART, "kill {}: the restart took {took:?}", self.figures.kills);
        }
        Ok(())
    }

    /// The provider's books beside the gate's, and what is left beside what can be spent.
    fn compare(&mut self, life: &Life, before: i64, told: Told) -> Result<()> {
        let Life { name, cap, .. } = life;
        let admitted = i64::try_from(told.bought.len())? * PRICE;
        let refused: u64 = told.refused.values().sum();
        self.figures.add(&told);
        self.bought.extend(told.bought);
        let charged = self.stand.charged()?.nanos() - before;
        self.figures.over += (charged - cap).max(0);
        ensure!(charged <= *cap, "{name}: the provider charged {charged} over a cap of {cap}");
        let used = self.used(name)?;
        let (settled, ours) = (used.settled, used.all());
        ensure!(settled <= charged && charged <= ours, "{name}: settled {settled}, charged {charged}, ours {ours}");
        ensure!(admitted <= charged, "{name}: {admitted} was answered with a task, {charged} was charged");
        ensure!(ours <= *cap, "{name}: ours {ours} over a cap of {cap}");
        ensure!(life.tight || refused == 0, "{name}: refused far below its cap: {:?}", told.refused);
        let shown = self.stand.ask("GET", &format!("/v1/keys/{name}"), None)?;
        let shown = money(&shown, "/limits/0/used")?;
        ensure!(shown == ours, "{name}: the limit says {shown} are used, the books say {ours}");
        self.spend_the_rest(life, ours)?;
        let charged = self.stand.charged()?.nanos() - before;
        ensure!(charged <= *cap, "{name}: the provider charged {charged} over a cap of {cap}, once the rest was spent");
        self.note_received()
    }

    /// What is free can be spent, and of a tight cap not a task more.
    fn spend_the_rest(&mut self, life: &Life, ours: i64) -> Result<()> {
        let free = (life.cap - ours) / PRICE;
        let (tries, due) = if life.tight { (free + 3, free) } else { (20, 20) };
        for number in 0..tries {
            let answer = call(self.stand.at, &submission(&life.key))?;
            let bought = answer.task().is_some();
            ensure!(bought == (number < due), "{}: {due} tasks are free, number {} was answered {:?}", life.name, number + 1, answer.body);
            if let Some(task) = answer.task() {
                self.bought.insert(answer.id().to_owned());
                self.figures.admitted += 1;
                call(self.stand.at, &poll(&life.key, task))?;
            }
        }
        Ok(())
    }

    /// What the books say of one key, or of all.
    fn used(&self, key: &str) -> Result<Used> {
        let usage = self.stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
        let rows = usage.get("rows").and_then(Value::as_array).context("no rows")?;
        let row = rows.iter().find(|row| row.get("key").and_then(Value::as_str) == Some(key));
        // it may have died before anything of this key was written down
        let Some(row) = row else { return Ok(Used { settled: 0, held: 0, unknown: 0 }) };
        Ok(Used { settled: money(row, "/settled")?, held: money(row, "/held")?, unknown: money(row, "/unknown")? })
    }

    /// Counts the submissions that reached the provider, and lets it forget them.
    fn note_received(&mut self) -> Result<()> {
        let target = |one: &&Value| one.get("target").and_then(Value::as_str).is_some_and(|to| to.starts_with("/in.php"));
        self.figures.received += u64::try_from(self.stand.received()?.iter().filter(target).count())?;
        exchange(self.stand.provider, b"DELETE /_sandbox/requests HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n")?;
        Ok(())
    }

    /// The sums, the intents, and the log itself.
    fn finish(mut self) -> Result<Figures> {
        let usage = self.stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
        let unknown = money(&usage, "/total/unknown")?;
        let figures = &mut self.figures;
        figures.charged = self.stand.charged()?.nanos();
        figures.ours = money(&usage, "/total/settled")? + money(&usage, "/total/held")? + unknown;
        figures.unknown = unknown;
        self.stand.gate.stop()?;
        let intents = journal::intents(&self.stand.audit())?;
        figures.intents = u64::try_from(intents.len())?;
        let Figures { intents: written, received, kills, .. } = *figures;
        ensure!(written >= received, "{received} submissions reached the provider, {written} intents are written");
        // more would be intents of calls that nobody made
        let slack = u64::from(kills) * CALLERS;
        ensure!(written - received <= slack, "{written} intents are written, {received} submissions reached the provider");
        let paid_for = i64::try_from(written)? * PRICE;
        ensure!(figures.ours <= paid_for, "ours {} is more than {written} intents can have cost", figures.ours);
        let missing: Vec<_> = self.bought.difference(&intents).take(3).collect();
        ensure!(missing.is_empty(), "bought without an intent: {missing:?}");
        let cuts = journal::cuts(&self.stand.audit())?;
        ensure!(cuts == figures.tails, "{} half lines were left behind, {cuts} cuts are recorded", figures.tails);
        figures.verified = tollgate_audit::verify(&self.stand.audit()).map_err(|all| anyhow::anyhow!("the log is not whole: {all:?}"))?;
        ensure!(figures.verified.unsealed == 0, "{} lines are unsealed after a stop", figures.verified.unsealed);
        Ok(self.figures)
    }
}

fn money(shown: &Value, place: &str) -> Result<i64> {
    let text = shown.pointer(place).and_then(Value::as_str).with_context(|| format!("no {place} in {shown}"))?;
    Ok(Money::parse(text)?.nanos())
}
