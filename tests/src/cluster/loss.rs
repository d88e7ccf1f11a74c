//! How long does anybody wait while what the gates share is lost?

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Cluster;
use crate::http::Kept;
use crate::link::Wire;
use crate::process::instant;
use crate::stand::{poll, submission};

/// Callers at each gate, each of which asks again after this.
const CALLERS: usize = 8;
const PAUSE: Duration = Duration::from_millis(40);

/// What is lost, and how.
#[derive(Clone, Copy, Debug)]
enum Lost {
    Book,
    BookSilent,
    Rates,
    RatesSilent,
}

/// What callers saw meanwhile.
#[derive(Debug)]
pub struct Loss {
    lost: Lost,
    lasts: Duration,
    answers: BTreeMap<String, u64>,
    took: Vec<Duration>,
    /// From the end of it until every gate sells again.
    back: Duration,
}

impl Loss {
    /// Of a hundred answers.
    pub(super) fn percentile(&self, of_hundred: usize) -> Duration {
        self.took.get((self.took.len() * of_hundred / 100).min(self.took.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.lost {
            Lost::Book => "PostgreSQL killed",
            Lost::BookSilent => "PostgreSQL cut off, nobody told",
            Lost::Rates => "Redis killed",
            Lost::RatesSilent => "Redis cut off, nobody told",
        };
        let [middle, slow, most] = [50, 99, 100].map(|of_hundred| self.percentile(of_hundred));
        let answers: Vec<_> = self.answers.iter().map(|(answer, count)| format!("{answer} {count}")).collect();
        let Self { lasts, back, .. } = self;
        write!(f, "{what} for {lasts:?}: p50 {middle:.1?}, p99 {slow:.1?}, most {most:.1?}; back after {back:.1?}; {}", answers.join(", "))
    }
}

impl Cluster {
    /// A crowd at three gates while one engine is lost for so long.
    fn loses(&mut self, lost: Lost, lasts: Duration, number: usize) -> Result<Loss> {
        let name = format!("loss-{number}");
        let key = self.first()?.key(&name, json!({ "caps": ["100000/day"], "rate": "60000/min burst 2000" }))?;
        self.heard_of(&name)?;
        self.sells(&key)?;
        self.set(lost, true)?;
        let (over, mut took, mut answers) = (AtomicBool::new(false), Vec::new(), BTreeMap::new());
        let seen = thread::scope(|threads| {
            let doors = self.members.iter().flat_map(|member| std::iter::repeat_n(member.stand.at, CALLERS));
            let (key, over) = (&key, &over);
            let callers: Vec<_> = doors.map(|door| threads.spawn(move || caller(door, key, over))).collect();
            thread::sleep(lasts);
            over.store(true, Ordering::Relaxed);
            callers
                .into_iter()
                .map(|caller| caller.join().map_err(|_| anyhow::anyhow!("a caller ended by a fault of its own"))?)
                .collect::<Result<Vec<_>>>()
        })?;
        for (answer, waited) in seen.into_iter().flatten() {
            *answers.entry(answer).or_default() += 1;
            took.push(waited);
        }
        took.sort_unstable();
        self.set(lost, false)?;
        let began = instant();
        self.sells(&key)?;
        Ok(Loss { lost, lasts, answers, took, back: began.elapsed() })
    }

    /// Waits until every gate has sold one task.
    fn sells(&self, key: &str) -> Result<()> {
        let began = instant();
        for member in &self.members {
            while crate::http::call(member.stand.at, &submission(key))?.task().is_none() {
                ensure!(began.elapsed() < super::PATIENCE, "a gate sells nothing: {}", member.stand.gate.printed());
                thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    fn set(&mut self, lost: Lost, is_lost: bool) -> Result<()> {
        let wire = if is_lost { Wire::Silent } else { Wire::Whole };
        match lost {
            Lost::Book if is_lost => self.server.kill()?,
            Lost::Book => self.server.begin()?,
            Lost::Rates if is_lost => self.redis.kill(),
            Lost::Rates => self.redis.begin()?,
            Lost::BookSilent => self.members.iter().for_each(|member| member.book.set(wire)),
            Lost::RatesSilent => self.members.iter().for_each(|member| member.rates.set(wire)),
        }
        Ok(())
    }
}

/// Submits, and polls what it bought; each answer and how long it took.
fn caller(door: std::net::SocketAddr, key: &str, over: &AtomicBool) -> Result<Vec<(String, Duration)>> {
    let (mut connection, mut seen) = (Kept::open(door)?, Vec::new());
    while !over.load(Ordering::Relaxed) {
        let began = instant();
        let answer = connection.call(&submission(key)).context("no answer to a submission")?;
        let what = if answer.task().is_some() { "bought" } else { answer.denied().unwrap_or("other") };
        seen.push((what.to_owned(), began.elapsed()));
        if let Some(task) = answer.task() {
            let began = instant();
            let fetched = connection.call(&poll(key, task)).context("no answer to a poll")?;
            seen.push((if fetched.body.starts_with("OK|") { "fetched" } else { "not fetched" }.to_owned(), began.elapsed()));
        }
        thread::sleep(PAUSE);
    }
    Ok(seen)
}

/// Each engine killed, and cut off from all gates at once; an error says that somebody waited too long.
pub fn losses(lasts: Duration) -> Result<Vec<Loss>> {
    let mut cluster = Cluster::new(1)?;
    let mut losses = Vec::new();
    for (number, lost) in [Lost::Book, Lost::BookSilent, Lost::Rates, Lost::RatesSilent].into_iter().enumerate() {
        let loss = cluster.loses(lost, lasts, number)?;
        let (slow, most) = (loss.percentile(99), loss.percentile(100));
        ensure!(slow <= Duration::from_millis(250) && most <= Duration::from_millis(500), "somebody waited too long: {loss}");
        losses.push(loss);
    }
    Ok(losses)
}
