//! What does the log tell of a credential? From where it came, how often it was refused, what it spent.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};
use tollgate_model::{CredentialHash, KeyId, Money};

/// Lines looked at, the newest; each is a few kilobytes while it is read.
const MOST: usize = 20_000;

/// What was found.
#[derive(Default)]
pub(super) struct Story {
    /// By address: how often, and when last.
    from: BTreeMap<String, (u64, String)>,
    /// By the request that bought: what it cost, or holds.
    bought: HashMap<String, Money>,
    refused: u64,
    last: String,
    /// Whether older lines were left out.
    cut: bool,
}

impl Story {
    /// Reads the lines of what was presented; ends of tasks are written under the key alone, by whoever fetched them.
    pub(super) fn read(dir: &Path, hash: CredentialHash, key: Option<KeyId>) -> io::Result<Self> {
        let mut story = Self::default();
        for line in story.find(dir, hash.to_string().as_bytes())? {
            // the hash of one string may stand in another's line, as in the record of a key that was made
            if text(&line, "/tollgate/credential_hash").is_some_and(|other| other == hash.to_string()) {
                story.presented(&line);
            }
        }
        if let (Some(key), false) = (key, story.bought.is_empty()) {
            for line in story.find(dir, key.to_string().as_bytes())? {
                story.ended(&line);
            }
        }
        Ok(story)
    }

    fn find(&mut self, dir: &Path, needle: &[u8]) -> io::Result<Vec<Value>> {
        let found = tollgate_audit::find(dir, needle, MOST)?;
        self.cut |= found.len() >= MOST;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    fn presented(&mut self, line: &Value) {
        let action = text(line, "/event/action");
        if action == Some("intent") {
            return;
        }
        let at = text(line, "/@timestamp").unwrap_or_default();
        if let Some(ip) = text(line, "/client/ip").or_else(|| text(line, "/source/ip")) {
            let seen = self.from.entry(ip.to_owned()).or_default();
            *seen = (seen.0 + 1, at.to_owned());
        }
        if text(line, "/tollgate/decision") == Some("denied") {
            self.refused += 1;
        }
        if let (Some("outcome"), Some(request)) = (action, text(line, "/tollgate/request_id")) {
            self.bought.insert(request.to_owned(), cost(line));
        }
        at.clone_into(&mut self.last);
    }

    /// A task's end replaces what was held for it.
    fn ended(&mut self, line: &Value) {
        if text(line, "/event/action") == Some("settle")
            && let Some(request) = text(line, "/tollgate/request_id")
            && let Some(bought) = self.bought.get_mut(request)
        {
            *bought = cost(line);
        }
    }

    pub(super) fn shown(self) -> Map<String, Value> {
        let from = self.from.iter().map(|(ip, (count, last))| json!({ "ip": ip, "count": count, "last": last }));
        let spent = self.bought.values().fold(0_i64, |sum, cost| sum.saturating_add(cost.nanos()));
        Map::from_iter([
            ("used_from".to_owned(), from.collect()),
            ("spent".to_owned(), Money::from_nanos(spent).to_string().into()),
            ("refused".to_owned(), self.refused.into()),
            ("last_seen".to_owned(), json!((!self.last.is_empty()).then_some(self.last))),
            ("complete".to_owned(), (!self.cut).into()),
        ])
    }
}

/// What the line says of the money: its cost if it is known, else what is held or counts as spent.
fn cost(line: &Value) -> Money {
    if text(line, "/tollgate/hold") == Some("voided") {
        return Money::ZERO;
    }
    let cost = text(line, "/tollgate/cost/settled").or_else(|| text(line, "/tollgate/cost/held"));
    cost.and_then(|cost| Money::parse(cost).ok()).unwrap_or(Money::ZERO)
}

fn text<'l>(line: &'l Value, place: &str) -> Option<&'l str> {
    line.pointer(place)?.as_str()
}
