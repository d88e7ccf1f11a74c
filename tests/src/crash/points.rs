//! The process dies at each named point of a call, a round of the clerk, a change, a start; then what crash runs compare.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_model::fault::Point;

use super::callers::{Callers, Told};
use super::{CALLERS, Figures, Life, PRICE, Run};
use crate::http::unix;
use crate::stand::Stand;

/// The process is at its point by then.
const REACHED: Duration = Duration::from_secs(20);

/// What brings a process to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// Submissions and polls.
    Calls,
    /// Changes of a cap, with calls beside.
    Changes,
    /// SIGTERM, with calls before.
    End,
    /// A start after a death under load.
    Start,
}

/// Dies so often at every point; an error names the point, what did not hold, and the seed.
pub fn points(kills: u32, seed: u64) -> Result<Figures> {
    let mut run = Run::new(seed, true)?;
    for kill in 0..kills {
        for (place, point) in (0..).zip(Point::ALL) {
            let died = run.die_at(*point, (kill + place) % 2 == 0);
            died.with_context(|| format!("seed {seed}, {}, kill {}", point.name(), kill + 1))?;
        }
    }
    run.finish().with_context(|| format!("seed {seed}"))
}

impl Run {
    /// One death of a fresh key's life: of a key that reaches its cap of twelve tasks, or of one that is never near.
    fn die_at(&mut self, point: Point, tight: bool) -> Result<()> {
        self.figures.keys += 1;
        let means = means(point);
        // of a large cap a process leases one slice at its start, and a changed cap is a small one; a cap that is reached has nothing
        // more to tell
        let tight = (tight && !is_post(point)) || means == Means::Changes || is_lease(point);
        let (text, cap) = if tight { ("1.2/month", 12 * PRICE) } else { ("100000/month", 1_000_000 * PRICE) };
        let name = format!("{}-{}", point.name().replace('_', "-"), self.figures.keys);
        let key = self.stand.key(&name, json!({ "caps": [text] }))?;
        let life = Life { name, key, cap, tight };
        let before = self.stand.charged()?.nanos();
        let told = match means {
            Means::Start => self.die_at_start(point, &life)?,
            Means::Calls | Means::Changes | Means::End => self.die_under_load(point, means, &life)?,
        };
        self.figures.kills += 1;
        self.figures.tails += super::journal::half_lines(&self.stand.audit())?;
        let took = self.stand.restart()?;
        self.figures.restarts.push(took);
        if means == Means::Changes {
            let path = format!("/v1/keys/{}", life.name);
            self.stand.ask("PATCH", &path, Some(&json!({ "caps": [text] })))?;
        }
        self.compare(&life, before, told)
    }

    fn die_under_load(&mut self, point: Point, means: Means, life: &Life) -> Result<Told> {
        let nth = 1 + self.chance.below(most(point));
        self.stand.gate.kill()?;
        self.stand.restart_with(&[("TOLLGATE_FAULT_POINT", &format!("{}:{nth}", point.name()))])?;
        let callers = self.call(life, 25);
        let over = AtomicBool::new(false);
        let (socket, path) = (self.stand.state().join("admin.sock"), format!("/v1/keys/{}", life.name));
        let ended = thread::scope(|scope| {
            if means == Means::Changes {
                // ten tasks, twelve, ten: never more than twelve
                scope.spawn(|| {
                    for caps in ["1.0/month", "1.2/month"].iter().cycle() {
                        let _ = unix(&socket, "PATCH", &path, Some(&json!({ "caps": [caps] })));
                        thread::sleep(Duration::from_millis(20));
                        if over.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            if means == Means::End {
                thread::sleep(Duration::from_millis(150));
                self.stand.gate.signal("TERM")?;
            }
            let ended = self.stand.gate.ended_within(REACHED);
            over.store(true, Ordering::Relaxed);
            ended
        })?;
        let told = callers.stop()?;
        ensure!(ended, "it was not reached in {REACHED:?}: {}", self.stand.gate.printed());
        Ok(told)
    }

    /// A start that dies has something to read back: the last process died under load.
    fn die_at_start(&mut self, point: Point, life: &Life) -> Result<Told> {
        let callers = self.call(life, 10);
        thread::sleep(Duration::from_millis(120));
        self.stand.gate.kill()?;
        let told = callers.stop()?;
        self.figures.tails += super::journal::half_lines(&self.stand.audit())?;
        let started = self.stand.restart_with(&[("TOLLGATE_FAULT_POINT", &format!("{}:1", point.name()))]);
        ensure!(started.is_err(), "it was not reached at the start");
        Ok(told)
    }

    fn call(&mut self, life: &Life, pause_ms: u64) -> Callers {
        Callers::start(self.stand.at, &life.key, CALLERS / 2, Duration::from_millis(pause_ms), &mut self.chance)
    }
}

const fn means(point: Point) -> Means {
    match point {
        Point::ChangeBegun | Point::ChangeStored | Point::ChangeDone => Means::Changes,
        Point::GiveBackBegun | Point::GiveBackDone => Means::End,
        Point::RestartOpened | Point::RestartReplayed => Means::Start,
        Point::BeforeHold
        | Point::HoldTaken
        | Point::IntentBuffered
        | Point::IntentWritten
        | Point::BeforeFirstByte
        | Point::BytesSent
        | Point::ResponseRead
        | Point::BeforeOutcome
        | Point::OutcomeWritten
        | Point::BeforeAnswer
        | Point::Answered
        | Point::TaskEnded
        | Point::PostBegun
        | Point::PostDone
        | Point::LeaseBegun
        | Point::LeaseGranted
        | Point::LeaseDone
        | Point::CheckpointBegun
        | Point::CheckpointDone => Means::Calls,
    }
}

const fn is_post(point: Point) -> bool {
    matches!(point, Point::PostBegun | Point::PostDone)
}

const fn is_lease(point: Point) -> bool {
    matches!(point, Point::LeaseBegun | Point::LeaseGranted | Point::LeaseDone)
}

/// How often it may be passed before: twelve tasks, and rounds that come once a second, must be enough.
const fn most(point: Point) -> u64 {
    match point {
        Point::PostBegun | Point::PostDone | Point::CheckpointBegun | Point::CheckpointDone => 2,
        Point::GiveBackBegun | Point::GiveBackDone => 1,
        Point::TaskEnded | Point::LeaseBegun | Point::LeaseGranted | Point::LeaseDone => 4,
        _ => 8,
    }
}

/// The points at which a day may end.
const MIDNIGHT: &[Point] = &[
    Point::HoldTaken,
    Point::IntentWritten,
    Point::OutcomeWritten,
    Point::TaskEnded,
    Point::PostBegun,
    Point::PostDone,
    Point::LeaseBegun,
    Point::LeaseGranted,
    Point::LeaseDone,
];

/// Dies so often while a day rolls over, at the points of the call and of the clerk in turns: ten tasks of the old day, ten of the new.
pub fn midnights(kills: u32, seed: u64) -> Result<Figures> {
    let mut run = Run::new(seed, true)?;
    for (kill, point) in (0..kills).zip(MIDNIGHT.iter().cycle()) {
        run.die_over_midnight(*point, i64::from(kill) + 1).with_context(|| format!("seed {seed}, midnight {kill}, {}", point.name()))?;
    }
    run.finish().with_context(|| format!("seed {seed}"))
}

impl Run {
    fn die_over_midnight(&mut self, point: Point, day: i64) -> Result<()> {
        const DAY_MS: i64 = 86_400_000;
        self.figures.keys += 1;
        let name = format!("midnight-{day}");
        let key = self.stand.key(&name, json!({ "caps": ["1/day"] }))?;
        let life = Life { name, key, cap: 10 * PRICE, tight: true };
        let before = self.stand.charged()?.nanos();
        let file = self.stand.folder().join("clock");
        let clock = file.to_str().context("an odd folder")?.to_owned();
        // ten calls of the old day and ten of the new: on either side of midnight
        let nth = 1 + self.chance.below(if most(point) > 2 { 14 } else { 2 });
        let armed = format!("{}:{nth}", point.name());
        self.stand.gate.kill()?;
        self.stand.restart_with(&[("TOLLGATE_FAULT_CLOCK", &clock), ("TOLLGATE_FAULT_POINT", &armed)])?;
        // a day further with each death, a second before it ends
        let now = now_ms(&self.stand)?;
        let shift = now.div_euclid(DAY_MS) * DAY_MS + day * DAY_MS + DAY_MS - 600 - now;
        fs::write(&file, shift.to_string())?;
        let callers = Callers::start(self.stand.at, &life.key, CALLERS / 2, Duration::from_millis(250), &mut self.chance);
        let ended = self.stand.gate.ended_within(REACHED)?;
        let told = callers.stop()?;
        ensure!(ended, "it was not reached in {REACHED:?}: {}", self.stand.gate.printed());
        self.figures.kills += 1;
        self.figures.tails += super::journal::half_lines(&self.stand.audit())?;
        let took = self.stand.restart_with(&[("TOLLGATE_FAULT_CLOCK", &clock)])?;
        self.figures.restarts.push(took);
        self.compare_days(&life, before, told, (now + shift).div_euclid(DAY_MS))
    }

    /// Of each day no more than ten tasks, by the provider's books and by the intents; of the new day exactly ten, once the rest is
    /// spent.
    fn compare_days(&mut self, life: &Life, before: i64, told: Told, old: i64) -> Result<()> {
        self.figures.add(&told);
        self.bought.extend(told.bought);
        wait_for_the_day(self.stand.at, &self.stand, old + 1)?;
        let mut more = 0;
        while let Some(task) = crate::http::call(self.stand.at, &crate::stand::submission(&life.key))?.task() {
            crate::http::call(self.stand.at, &crate::stand::poll(&life.key, task))?;
            more += 1;
            ensure!(more <= 10, "{more} tasks of a day");
        }
        self.figures.admitted += more;
        let charged = self.stand.charged()?.nanos() - before;
        ensure!(charged <= 2 * life.cap, "the provider charged {charged} in two days of {}", life.cap);
        let used = self.used(&life.name)?;
        ensure!(used.settled <= charged && charged <= used.all(), "settled {}, charged {charged}, ours {}", used.settled, used.all());
        let shown = self.stand.ask("GET", &format!("/v1/keys/{}", life.name), None)?;
        let today = super::money(&shown, "/limits/0/used")?;
        ensure!(today == life.cap, "of the new day {today} are used once the rest was spent");
        ensure!(used.all() - today <= life.cap, "of the old day {} are used", used.all() - today);
        self.note_received()
    }
}

/// The machine's own time: the clock of a stand stands apart from it by what its file says.
fn now_ms(stand: &Stand) -> Result<i64> {
    let probe = crate::http::call(stand.at, "/in.php")?;
    let digits: String = probe.id().chars().filter(char::is_ascii_hexdigit).take(12).collect();
    let shift: i64 = fs::read_to_string(stand.folder().join("clock")).unwrap_or_default().trim().parse().unwrap_or(0);
    Ok(i64::from_str_radix(&digits, 16)? - shift)
}

fn wait_for_the_day(at: SocketAddr, stand: &Stand, day: i64) -> Result<()> {
    let shift: i64 = fs::read_to_string(stand.folder().join("clock"))?.trim().parse()?;
    for _ in 0..200 {
        if (now_ms(stand)? + shift).div_euclid(86_400_000) >= day {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    anyhow::bail!("the day does not end at {at}")
}
