//! What did the operator ask for? The words of a key's or a team's terms, laid onto what is there; every mistake at once.

mod words;

use std::fmt;

use serde::Deserialize;
use tollgate_model::{CidrSet, Name, Rate, Timestamp};
use tollgate_policy::{CallbackHost, Hours, Methods, Observe, duration};
use tollgate_registry::{Allow, Cap, KeyTerms, LimitTerms, TaskCap, TeamTerms, TermsError};

use self::words::NONE;
pub(crate) use self::words::{Count, Words};
use crate::body;
use crate::problem::{Mistake, Problem};

/// Terms of a key; what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeyForm {
    pub(crate) name: Option<String>,
    pub(crate) upstream: Option<String>,
    pub(crate) like: Option<String>,
    team: Option<String>,
    env: Option<String>,
    allow: Option<Words>,
    caps: Option<Words>,
    tasks: Option<Words>,
    rate: Option<String>,
    concurrency: Option<Count>,
    uncapped: Option<bool>,
    hours: Option<Words>,
    not_before: Option<String>,
    expires: Option<String>,
    idle: Option<String>,
    methods: Option<Words>,
    callbacks: Option<Words>,
    observe: Option<Words>,
    until: Option<String>,
    brake: Option<String>,
    note: Option<String>,
}

/// Terms of a team.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TeamForm {
    pub(crate) name: Option<String>,
    caps: Option<Words>,
    tasks: Option<Words>,
    rate: Option<String>,
    concurrency: Option<Count>,
    uncapped: Option<bool>,
    note: Option<String>,
}

/// The blocks that a name stands for.
pub(crate) type Sets<'a> = &'a dyn Fn(&str) -> Option<CidrSet>;

/// Everything that could not be read.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The name of what is to be made.
    pub(crate) fn name(&mut self, text: Option<&str>) -> Option<Name> {
        match text {
            Some(text) => self.note("name", Name::parse(text)),
            None => self.note("name", Err("is missing")),
        }
    }

    /// The value, or a mistake noted.
    pub(crate) fn note<T, E: fmt::Display>(&mut self, field: &'static str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.wrong(field, None, error)).ok()
    }

    /// Notes a mistake in a field, or in one word of it.
    pub(crate) fn wrong(&mut self, field: &'static str, word: Option<&str>, what: impl fmt::Display) {
        self.0.push(Mistake { field: Some(field), word: word.map(str::to_owned), what: what.to_string() });
    }

    /// Notes what makes no sense of terms as a whole.
    pub(crate) fn judged(&mut self, judged: Result<(), TermsError>) {
        let Err(error) = judged else { return };
        self.0.push(Mistake { field: error.field(), word: error.word(), what: error.to_string() });
    }

    fn each<T, E: fmt::Display>(&mut self, field: &'static str, words: &[String], read: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        words.iter().filter_map(|word| read(word).map_err(|error| self.wrong(field, Some(word), error)).ok()).collect()
    }

    /// What was wanted, or all mistakes; what is missing was noted as one.
    pub(crate) fn end<T>(self, wanted: Option<T>) -> Result<T, Problem> {
        wanted.filter(|_| self.0.is_empty()).ok_or_else(|| Problem::of(self.0))
    }
}

impl KeyForm {
    /// Lays what was said onto these terms.
    pub(crate) fn onto(self, terms: &mut KeyTerms, now: Timestamp, sets: Sets<'_>, mistakes: &mut Mistakes) {
        if let Some(team) = self.team {
            terms.team = mistakes.note("team", optional(&team, Name::parse)).flatten();
        }
        if let Some(env) = self.env {
            terms.env = mistakes.note("env", optional(&env, Name::parse)).flatten();
        }
        if let Some(allow) = self.allow {
            terms.allow =
                blocks(&allow.0, sets).map_err(|error| mistakes.wrong("allow", error.word().as_deref(), error)).unwrap_or_default();
        }
        let limits = Limits { caps: self.caps, tasks: self.tasks, rate: self.rate, concurrency: self.concurrency, uncapped: self.uncapped };
        limits.onto(&mut terms.limits, mistakes);
        if let Some(hours) = self.hours {
            terms.hours = if hours.are_none() { None } else { mistakes.note("hours", Hours::parse_all(hours.0)) };
        }
        if let Some(text) = self.not_before {
            terms.not_before = mistakes.note("not_before", optional(&text, |text| instant(text, now))).flatten();
        }
        if let Some(text) = self.expires {
            terms.expires = mistakes.note("expires", optional(&text, |text| instant(text, now))).flatten();
        }
        if let Some(text) = self.idle {
            terms.idle_ms = mistakes.note("idle", optional(&text, millis)).flatten();
        }
        if let Some(methods) = self.methods {
            terms.methods = if methods.0 == ["any"] { Methods::Any } else { Methods::only(methods.0) };
        }
        if let Some(callbacks) = self.callbacks {
            terms.callbacks = mistakes.each("callbacks", &callbacks.list(), CallbackHost::parse);
        }
        if let Some(checks) = self.observe {
            terms.observe = observe(&checks.list(), self.until.as_deref(), now, mistakes);
        } else if self.until.is_some() {
            mistakes.wrong("until", None, "is the end of `observe`: name what is observed");
        }
        if let Some(text) = self.brake {
            terms.brake = mistakes.note("brake", text.parse()).unwrap_or_default();
        }
        if let Some(note) = self.note {
            terms.note = note;
        }
    }
}

/// Reads a body as the terms of a new key; for tests and fuzzing, where there is no desk.
///
/// # Errors
/// What the caller is told.
pub fn key_terms(body: &[u8], now: Timestamp) -> Result<KeyTerms, Problem> {
    let (mut terms, mut mistakes) = (KeyTerms::default(), Mistakes::default());
    body::read::<KeyForm>(body)?.onto(&mut terms, now, &|_| None, &mut mistakes);
    mistakes.end(Some(terms))
}

/// Reads a body as the terms of a new team; for tests and fuzzing.
///
/// # Errors
/// What the caller is told.
pub fn team_terms(body: &[u8]) -> Result<TeamTerms, Problem> {
    let (mut terms, mut mistakes) = (TeamTerms::default(), Mistakes::default());
    body::read::<TeamForm>(body)?.onto(&mut terms, &mut mistakes);
    mistakes.end(Some(terms))
}

impl TeamForm {
    /// Lays what was said onto these terms.
    pub(crate) fn onto(self, terms: &mut TeamTerms, mistakes: &mut Mistakes) {
        let limits = Limits { caps: self.caps, tasks: self.tasks, rate: self.rate, concurrency: self.concurrency, uncapped: self.uncapped };
        limits.onto(&mut terms.limits, mistakes);
        if let Some(note) = self.note {
            terms.note = note;
        }
    }
}

/// The limits that keys and teams are given in the same words.
struct Limits {
    caps: Option<Words>,
    tasks: Option<Words>,
    rate: Option<String>,
    concurrency: Option<Count>,
    uncapped: Option<bool>,
}

impl Limits {
    fn onto(self, terms: &mut LimitTerms, mistakes: &mut Mistakes) {
        if let Some(caps) = self.caps {
            // an empty list takes the caps away; only the word says aloud that there are none
            terms.uncapped = caps.0 == [NONE];
            if !terms.uncapped && caps.0.iter().any(|cap| cap == NONE) {
                mistakes.wrong("caps", Some(NONE), "`none` beside caps: leave one of them out");
            }
            terms.caps = mistakes.each("caps", &caps.list(), Cap::parse);
        }
        if let Some(tasks) = self.tasks {
            terms.tasks = mistakes.each("tasks", &tasks.list(), TaskCap::parse);
        }
        if let Some(rate) = self.rate {
            terms.rate = mistakes.note("rate", optional(&rate, Rate::parse)).flatten();
        }
        if let Some(open) = self.concurrency {
            terms.concurrency = open.0;
        }
        if let Some(uncapped) = self.uncapped {
            terms.uncapped = uncapped;
        }
    }
}

/// Blocks as they are written, and the blocks that names stand for.
fn blocks(words: &[String], sets: Sets<'_>) -> Result<Allow, TermsError> {
    let meant = |word: &String| match sets(word) {
        Some(set) => set.blocks().iter().map(ToString::to_string).collect(),
        None => vec![word.clone()],
    };
    Allow::parse(&words.iter().flat_map(meant).collect::<Vec<_>>())
}

fn observe(checks: &[String], until: Option<&str>, now: Timestamp, mistakes: &mut Mistakes) -> Option<Observe> {
    if checks.is_empty() {
        return None;
    }
    let Some(until) = until else {
        mistakes.wrong("observe", None, "has no end: give `until`, such as `7d`");
        return None;
    };
    let ahead = |until: Timestamp| if until > now { Ok(until) } else { Err("is in the past: nothing would be observed".to_owned()) };
    let until = mistakes.note("until", instant(until, now).and_then(ahead))?;
    let mut observed = Observe { network: false, hours: false, rate: false, until };
    for check in checks {
        match check.as_str() {
            "network" => observed.network = true,
            "hours" => observed.hours = true,
            "rate" => observed.rate = true,
            other => mistakes.wrong("observe", Some(other), format!("`{other}` cannot be observed: `network`, `hours` or `rate`")),
        }
    }
    Some(observed)
}

fn optional<T, E>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() || text == NONE { Ok(None) } else { read(text).map(Some) }
}

/// An instant, or a time from now.
pub(crate) fn instant(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(millis) = millis(text) {
        return Ok(now.plus_millis(millis));
    }
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| "expected an instant such as `2026-12-31T18:00:00Z`, or a time from now such as `90d`".to_owned())
}

fn millis(text: &str) -> Result<i64, String> {
    let duration = duration::parse(text).map_err(|error| error.to_string())?;
    i64::try_from(duration.as_millis()).map_err(|_| "too long".to_owned())
}
