//! `tollgate why`: what one's own key may do, and why it was refused.

use std::fs;
use std::io::Read;

use anyhow::Context;
use serde_json::Value;
use tollgate_admin::client::Client;

use crate::args::Why;
use crate::exit::{Failed, Outcome};
use crate::print;

/// Asks the gate with the key itself, which is read from a file or from stdin, never from an argument.
pub(crate) fn run(asked: &Why, json: bool) -> Outcome {
    let mut key = String::new();
    if let Some(file) = &asked.key_file {
        key = fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    } else {
        std::io::stdin().read_to_string(&mut key).context("cannot read the key from stdin")?;
    }
    let address = asked.gate.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')).ok_or_else(|| {
        Failed::usage(format!("`{}` is not an address that `why` speaks to", asked.gate)).hint("such as `http://127.0.0.1:8080`")
    })?;
    let client = Client::Port { address: address.to_owned(), token: key.trim().to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let answer = runtime.block_on(client.call("GET", "/v1/me", None)).map_err(|error| match error {
        tollgate_admin::client::ClientError::Unreachable(_) => Failed::unreachable(error).hint("`--gate http://HOST:PORT` names the gate"),
        tollgate_admin::client::ClientError::Refused { problem, .. } => Failed::new(print::text(&problem, "/title")),
        tollgate_admin::client::ClientError::Garbled => Failed::new(error),
    })?;
    if json { print::json(&answer) } else { print::lines(&page(&answer)) }
}

fn page(answer: &Value) -> String {
    let mut facts = Vec::new();
    for (name, place) in [("key", "/key"), ("upstream", "/upstream"), ("team", "/team"), ("hours", "/opening_hours"), ("paused", "/paused")]
    {
        facts.push(vec![name.to_owned(), print::words(answer, place)]);
    }
    facts.push(vec!["ends".to_owned(), print::instant(answer, "/expires")]);
    facts.retain(|fact| fact.get(1).is_none_or(|said| said != "-"));
    let facts: String = facts.iter().map(|fact| format!("{}\n", fact.join("  "))).collect::<Vec<_>>().concat();
    let empty = Vec::new();
    let refusals = answer.get("refusals").and_then(Value::as_array).unwrap_or(&empty).iter();
    let rows: Vec<_> =
        refusals.map(|one| vec![print::instant(one, "/at"), print::text(one, "/code"), print::text(one, "/reason")]).collect();
    format!(
        "{facts}\n{}\n{}\n{}",
        print::limits(answer),
        print::resets(answer),
        print::table(&["refused", "code", "why"], &rows, "no refusals since the gate's start")
    )
}
