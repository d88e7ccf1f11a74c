//! What is the server asked to do? Two scripts, each one step and one round trip.

use std::fmt::Display;
use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, Script as Source, ServerErrorKind, ToRedisArgs};

/// Takes one of every rate, or of none; without a rate, a gate's heartbeat.
pub(crate) static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));
/// Gives back what was taken for nothing.
pub(crate) static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("give_back.lua")));

/// A script, and the name under which the server remembers it.
pub(crate) struct Script {
    text: &'static str,
    hash: String,
}

/// What one call of a script is given.
#[derive(Clone, Default)]
pub(crate) struct Given {
    keys: Vec<String>,
    arguments: Vec<String>,
}

/// What `take.lua` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) verdict: Verdict,
    /// The server's clock, in microseconds.
    pub(crate) now: i64,
    /// Gates that it knows.
    pub(crate) known: u32,
    /// The rate that has none left, from 1, and its wait in microseconds.
    pub(crate) late: Option<(usize, u64)>,
    /// The rates that were taken, a bit each.
    pub(crate) taken: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    Refused,
    TooLate,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, hash: Source::new(text).get_hash().to_owned() }
    }

    /// One round trip; two where the server does not know the script yet, after its start.
    pub(crate) async fn call(&self, link: &mut MultiplexedConnection, given: &Given) -> Result<Vec<i64>, RedisError> {
        match given.command("EVALSHA", &self.hash).query_async(link).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                given.command("EVAL", self.text).query_async(link).await
            }
            told => told,
        }
    }
}

impl Given {
    pub(crate) fn key(&mut self, key: String) {
        self.keys.push(key);
    }

    pub(crate) fn argument(&mut self, argument: impl Display) {
        self.arguments.push(argument.to_string());
    }

    fn command(&self, verb: &str, script: impl ToRedisArgs) -> Cmd {
        let mut command = redis::cmd(verb);
        command.arg(script).arg(self.keys.len()).arg(&self.keys).arg(&self.arguments);
        command
    }
}

impl Told {
    /// What the script gives, in its order; nothing if it is something else.
    pub(crate) fn read(numbers: &[i64]) -> Option<Self> {
        let [verdict, now, known, which, wait, taken] = numbers else { return None };
        let verdict = match verdict {
            1 => Verdict::Taken,
            0 => Verdict::Refused,
            -1 => Verdict::TooLate,
            _ => return None,
        };
        let which = usize::try_from(*which).ok()?;
        let late = if which == 0 { None } else { Some((which - 1, u64::try_from(*wait).ok()?)) };
        let (known, taken) = (u32::try_from(*known).ok()?, u64::try_from(*taken).ok()?);
        (verdict != Verdict::Refused || late.is_some()).then_some(Self { verdict, now: *now, known, late, taken })
    }
}
