//! Callers that submit and poll over connections that they keep, and come back when the gate does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::chance::Chance;
use crate::http::{Answer, Kept};
use crate::stand::{poll, submission};

/// What the callers were told.
#[derive(Default)]
pub(super) struct Told {
    /// Request ids of submissions that were answered with a task.
    pub(super) bought: Vec<String>,
    /// Answers without a task, by their code or text.
    pub(super) refused: BTreeMap<String, u64>,
    /// Requests whose connection ended before an answer.
    pub(super) cut_off: u64,
}

/// Callers at work.
pub(super) struct Callers {
    stopped: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<Told>>,
}

impl Callers {
    /// Starts so many; each waits up to `pause` before it submits.
    pub(super) fn start(at: SocketAddr, key: &str, count: u64, pause: Duration, chance: &mut Chance) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let threads = (0..count).map(|_| {
            let caller =
                Caller { at, kept: None, key: key.to_owned(), pause, chance: Chance(chance.below(u64::MAX) | 1), told: Told::default() };
            let stopped = stopped.clone();
            thread::spawn(move || caller.work(&stopped))
        });
        Self { threads: threads.collect(), stopped }
    }

    /// Ends them and adds up what they were told.
    pub(super) fn stop(self) -> Result<Told> {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for thread in self.threads {
            let told = thread.join().map_err(|_| anyhow!("a caller fell"))?;
            all.bought.extend(told.bought);
            all.cut_off += told.cut_off;
            for (code, count) in told.refused {
                *all.refused.entry(code).or_default() += count;
            }
        }
        Ok(all)
    }
}

struct Caller {
    at: SocketAddr,
    kept: Option<Kept>,
    key: String,
    pause: Duration,
    chance: Chance,
    told: Told,
}

impl Caller {
    fn work(mut self, stopped: &AtomicBool) -> Told {
        while !stopped.load(Ordering::Relaxed) {
            let pause = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
            thread::sleep(Duration::from_millis(self.chance.below(pause.saturating_add(1))));
            let Some(answer) = self.ask(&submission(&self.key)) else { continue };
            if let Some(task) = answer.task() {
                self.told.bought.push(answer.id().to_owned());
                self.ask(&poll(&self.key, task));
            } else {
                let code = answer.denied().unwrap_or(&answer.body).to_owned();
                *self.told.refused.entry(code).or_default() += 1;
                thread::sleep(Duration::from_millis(2));
            }
        }
        self.told
    }

    /// The answer; none where the gate is away or goes away.
    fn ask(&mut self, target: &str) -> Option<Answer> {
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => Kept::open(self.at).inspect_err(|_| thread::sleep(Duration::from_millis(3))).ok()?,
        };
        let answer = kept.call(target).inspect_err(|_| self.told.cut_off += 1).ok()?;
        self.kept = Some(kept).filter(|_| answer.header("connection") != Some("close"));
        Some(answer)
    }
}
