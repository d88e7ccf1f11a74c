//! Clocks that step, on the real binary: with the feature `fault` it reads a clock that a test moves.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_model::Money;
use tollgate_tests::{Setup, Stand, call, poll, submission};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A stand whose gate's wall clock stands so far from the machine's as the file says.
pub(super) struct Clocked {
    pub(super) stand: Stand,
    file: PathBuf,
}

impl Clocked {
    fn new() -> Result<Self> {
        Self::with(Setup::default())
    }

    pub(super) fn with(setup: Setup<'_>) -> Result<Self> {
        let mut stand = Stand::with(Setup { fault: true, ..setup })?;
        let file = stand.folder().join("clock");
        fs::write(&file, "0")?;
        stand.gate.stop()?;
        let mut clocked = Self { stand, file };
        clocked.restart()?;
        Ok(clocked)
    }

    pub(super) fn restart(&mut self) -> Result<()> {
        self.restart_as(&[])
    }

    fn restart_as(&mut self, words: &[&str]) -> Result<()> {
        let file = self.file.to_str().context("an odd folder")?.to_owned();
        self.stand.restart_as(words, &[("TOLLGATE_FAULT_CLOCK", &file)])?;
        Ok(())
    }

    /// The gate sees it within milliseconds.
    fn shift(&self, millis: i64) -> Result<()> {
        self.say(&millis.to_string())
    }

    /// So much time passes, by both clocks.
    pub(super) fn pass(&self, millis: u64) -> Result<()> {
        self.say(&format!("0 {millis}"))
    }

    fn say(&self, text: &str) -> Result<()> {
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, text)?;
        fs::rename(fresh, &self.file)?;
        thread::sleep(Duration::from_millis(60));
        Ok(())
    }

    /// How many of so many submissions are admitted, and the code of the last refusal.
    fn buy(&self, key: &str, tries: u32) -> Result<(u32, Option<String>)> {
        let (mut bought, mut code) = (0, None);
        for _ in 0..tries {
            let answer = call(self.stand.at, &submission(key))?;
            bought += u32::from(answer.task().is_some());
            code = answer.denied().map(str::to_owned).or(code);
        }
        Ok((bought, code))
    }
}

#[test]
fn tm_04_a_clock_that_steps_back_over_midnight_does_not_reopen_the_day() -> Result<()> {
    let clocked = Clocked::new()?;
    let key = clocked.stand.key("daily", json!({ "caps": ["0.20/day"] }))?;
    assert_eq!(clocked.buy(&key, 4)?, (2, Some("cap_reached".to_owned())));
    clocked.shift(DAY_MS)?;
    assert_eq!(clocked.buy(&key, 4)?, (2, Some("cap_reached".to_owned())), "a new day");
    clocked.shift(0)?;
    assert_eq!(clocked.buy(&key, 4)?, (0, Some("clock_suspect".to_owned())), "the old day, again");
    // three days forth and back: what was spent in between counts where it was admitted
    clocked.shift(3 * DAY_MS)?;
    assert_eq!(clocked.buy(&key, 1)?.0, 1);
    clocked.shift(DAY_MS)?;
    assert_eq!(clocked.buy(&key, 2)?, (0, Some("clock_suspect".to_owned())));
    clocked.shift(3 * DAY_MS)?;
    assert_eq!(clocked.buy(&key, 4)?, (1, Some("cap_reached".to_owned())));
    assert_eq!(clocked.stand.charged()?, Money::parse("0.60")?);
    Ok(())
}

#[test]
fn tm_08_a_start_with_a_clock_before_the_last_record_buys_nothing_until_the_clock_is_sane() -> Result<()> {
    let mut clocked = Clocked::new()?;
    let key = clocked.stand.key("daily", json!({ "caps": ["0.20/day"] }))?;
    let bought = call(clocked.stand.at, &submission(&key))?;
    let task = bought.task().context(bought.body.clone())?.to_owned();
    clocked.stand.gate.stop()?;
    for back in [HOUR_MS, 50 * 365 * DAY_MS] {
        clocked.shift(-back)?;
        clocked.restart()?;
        let before = clocked.stand.received()?.len();
        assert_eq!(clocked.buy(&key, 2)?, (0, Some("clock_suspect".to_owned())), "{back} ms back");
        assert_eq!(clocked.stand.received()?.len(), before, "nothing is sent");
        // what is paid for can be fetched
        assert!(!call(clocked.stand.at, &poll(&key, &task))?.body.contains("TOLLGATE"), "{back} ms back");
        clocked.stand.gate.kill()?;
    }
    clocked.restart()?;
    assert_eq!(clocked.buy(&key, 1)?, (0, Some("clock_suspect".to_owned())));
    clocked.shift(0)?;
    assert_eq!(clocked.buy(&key, 3)?, (1, Some("cap_reached".to_owned())), "sane again, without a restart");
    Ok(())
}

#[test]
fn tm_08_a_clock_that_was_ahead_is_accepted_once_on_an_operators_word() -> Result<()> {
    let mut clocked = Clocked::new()?;
    clocked.shift(300 * DAY_MS)?;
    let key = clocked.stand.key("daily", json!({ "caps": ["0.20/day"] }))?;
    assert_eq!(clocked.buy(&key, 3)?, (2, Some("cap_reached".to_owned())));
    clocked.stand.gate.stop()?;
    clocked.shift(0)?;
    // however often it is started, and whatever the lanes have been given meanwhile
    for _ in 0..3 {
        clocked.restart()?;
        assert_eq!(clocked.buy(&key, 8)?, (0, Some("clock_suspect".to_owned())));
        clocked.stand.gate.stop()?;
    }
    clocked.restart_as(&["--accept-clock"])?;
    assert_eq!(clocked.buy(&key, 3)?, (2, Some("cap_reached".to_owned())), "today's, not those of the day that was none");
    assert!(!clocked.stand.lines("clock_accepted")?.is_empty());
    // said once, it is not asked again; and it is not taken for a licence to go back
    clocked.stand.gate.stop()?;
    clocked.restart()?;
    assert_eq!(clocked.buy(&key, 1)?, (0, Some("cap_reached".to_owned())));
    clocked.stand.gate.stop()?;
    clocked.shift(300 * DAY_MS)?;
    clocked.restart()?;
    assert_eq!(clocked.buy(&key, 1)?, (0, Some("cap_reached".to_owned())), "the day that was none is spent when it comes");
    assert_eq!(clocked.stand.charged()?, Money::parse("0.40")?);
    Ok(())
}

#[test]
fn tm_08_a_clock_that_went_back_while_the_gate_ran_is_doubted_by_the_next_start() -> Result<()> {
    let mut clocked = Clocked::new()?;
    let key = clocked.stand.key("hours", json!({ "caps": ["none"] }))?;
    clocked.shift(DAY_MS)?;
    assert_eq!(clocked.buy(&key, 1)?, (1, None));
    clocked.shift(0)?;
    let kept = clocked.stand.audit().join("clock");
    let seen = (0..200).any(|_| {
        kept.exists() || {
            thread::sleep(Duration::from_millis(20));
            false
        }
    });
    anyhow::ensure!(seen, "the latest time is kept within seconds");
    clocked.buy(&key, 8)?;
    clocked.stand.gate.kill()?;
    clocked.restart()?;
    let before = clocked.stand.received()?.len();
    assert_eq!(clocked.buy(&key, 4)?, (0, Some("clock_suspect".to_owned())));
    assert_eq!(clocked.stand.received()?.len(), before, "nothing is sent");
    Ok(())
}

#[test]
fn rl_11_rates_go_by_monotonic_time_whatever_the_wall_clock_does() -> Result<()> {
    let clocked = Clocked::new()?;
    let key = clocked.stand.key("rate", json!({ "rate": "6/min burst 3", "caps": ["none"] }))?;
    assert_eq!(clocked.buy(&key, 6)?, (3, Some("rate_limited".to_owned())));
    // never before the last line that was written before the start: that is refused for itself
    for step in [HOUR_MS, 0, DAY_MS + HOUR_MS, DAY_MS, HOUR_MS, 0] {
        clocked.shift(step)?;
        let (bought, code) = clocked.buy(&key, 2)?;
        assert_eq!((bought, code.as_deref()), (0, Some("rate_limited")), "{step} ms");
    }
    Ok(())
}

#[test]
fn tm_10_what_was_leased_before_a_pause_is_not_spent_in_the_day_behind_it() -> Result<()> {
    let clocked = Clocked::new()?;
    let key = clocked.stand.key("daily", json!({ "caps": ["0.50/day"] }))?;
    assert_eq!(clocked.buy(&key, 3)?.0, 3);
    clocked.stand.gate.signal("STOP")?;
    clocked.shift(DAY_MS)?;
    clocked.stand.gate.signal("CONT")?;
    thread::sleep(Duration::from_millis(60));
    assert_eq!(clocked.buy(&key, 8)?, (5, Some("cap_reached".to_owned())), "five of the new day, not two and five");
    assert_eq!(clocked.stand.charged()?, Money::parse("0.80")?);
    Ok(())
}
