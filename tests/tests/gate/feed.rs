//! How soon does a revocation reach every gate? By the gates' own refusals, also when what they are told is lost.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_tests::{Postgres, Setup, Stand, call, instant};

/// In which a revocation is known everywhere, of a hundred at most one later.
const KNOWN: Duration = Duration::from_secs(2);

struct Gates {
    server: Postgres,
    gates: Vec<Stand>,
}

impl Gates {
    fn three() -> Result<Self> {
        let server = Postgres::start()?;
        let gate = |name| {
            let top = format!("store = \"{}\"\ninstance = \"{name}\"", server.url());
            Stand::with(Setup { top: &top, ..Setup::default() })
        };
        let gates = ["a", "b", "c"].into_iter().map(gate).collect::<Result<_>>()?;
        Ok(Self { server, gates })
    }

    /// Keys that every gate knows.
    fn keys(&self, names: &[String]) -> Result<Vec<String>> {
        let first = self.gates.first().context("no gate")?;
        let made = names.iter().map(|name| first.key(name, json!({ "caps": ["1/day"] }))).collect::<Result<Vec<_>>>()?;
        let last = made.last().context("no key")?;
        for gate in &self.gates {
            let began = instant();
            while !knows(gate, last)? {
                ensure!(began.elapsed() < Duration::from_secs(5), "a key that was made is not known: {}", gate.gate.printed());
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(made)
    }

    /// How long the slowest gate has let a key in since this instant.
    fn forgotten_since(&self, began: Instant, key: &str) -> Result<Duration> {
        for gate in &self.gates {
            while knows(gate, key)? {
                ensure!(began.elapsed() < Duration::from_secs(20), "a revoked key is let in: {}", gate.gate.printed());
                thread::sleep(Duration::from_millis(2));
            }
        }
        Ok(began.elapsed())
    }

    /// Revokes one key after the other, each at another gate; before each of them something happens.
    fn revoke(&self, what: &str, count: usize, happens: impl Fn(usize) -> Result<()>) -> Result<Vec<Duration>> {
        let names: Vec<String> = (0..count).map(|number| format!("{what}-{number}")).collect();
        let keys = self.keys(&names)?;
        let mut took = Vec::new();
        for (number, (name, key)) in names.iter().zip(&keys).enumerate() {
            happens(number)?;
            let gate = self.gates.iter().cycle().nth(number).context("no gate")?;
            gate.ask("POST", &format!("/v1/keys/{name}/revoke"), Some(&json!({})))?;
            took.push(self.forgotten_since(instant(), key)?);
        }
        took.sort_unstable();
        println!("{what}: in the middle {:?}, p99 {:?}, at worst {:?}", took.get(count / 2), p99(&took), took.last());
        Ok(took)
    }
}

/// Whether a key is let in: asked by a free question, for which no provider is asked.
fn knows(gate: &Stand, key: &str) -> Result<bool> {
    let answer = call(gate.at, &format!("/res.php?key={key}&action=getbalance"))?;
    match answer.denied() {
        None => Ok(true),
        // of many strangers' keys the later ones are told to wait; a key that is known never is
        Some("unauthenticated" | "rate_limited") => Ok(false),
        Some(other) => anyhow::bail!("{other}: {}", answer.body),
    }
}

fn p99(sorted: &[Duration]) -> Option<&Duration> {
    sorted.get((sorted.len() * 99).div_ceil(100).saturating_sub(1))
}

/// Of every gate the connection on which it is told what others change.
const FEEDS: &str = "FROM pg_stat_activity WHERE application_name = 'tollgate feed'";

#[test]
fn what_is_revoked_is_refused_by_three_gates_within_two_seconds_at_p99_and_when_told_at_once() -> Result<()> {
    let gates = Gates::three()?;
    let told = gates.revoke("told", 150, |_| Ok(()))?;
    assert!(p99(&told).is_some_and(|p99| *p99 < KNOWN));
    // far sooner than whoever only asks each second would know it
    assert!(told.get(told.len() / 2).is_some_and(|middle| *middle < Duration::from_millis(200)), "{told:?}");
    Ok(())
}

#[test]
fn what_is_revoked_while_the_listening_connections_are_cut_is_refused_within_two_seconds_at_p99() -> Result<()> {
    let gates = Gates::three()?;
    let cut = |number: usize| {
        // a little earlier each time: the change falls before, into and behind the making of the new ones
        gates.server.execute(&format!("SELECT pg_terminate_backend(pid) {FEEDS}"))?;
        thread::sleep(Duration::from_millis(u64::try_from(number % 10)? * 5));
        Ok(())
    };
    let took = gates.revoke("cut", 60, cut)?;
    assert!(p99(&took).is_some_and(|p99| *p99 < KNOWN), "{took:?}");
    Ok(())
}

#[test]
fn what_nobody_tells_of_is_asked_for_and_refused_within_two_seconds_too() -> Result<()> {
    let gates = Gates::three()?;
    let names: Vec<String> = (0..20).map(|number| format!("silent-{number}")).collect();
    for (name, key) in names.iter().zip(gates.keys(&names)?) {
        // as a gate of a version that tells nobody does it
        gates.server.execute(&format!(
            "WITH raised AS (UPDATE tollgate.meta SET generation = generation + 1 RETURNING generation)
             UPDATE tollgate.keys SET revoked = 1, version = generation FROM raised WHERE name = '{name}'"
        ))?;
        let took = gates.forgotten_since(instant(), &key)?;
        assert!(took < KNOWN, "{took:?}");
    }
    Ok(())
}
