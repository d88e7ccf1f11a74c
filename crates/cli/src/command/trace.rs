//! `tollgate trace -`: a leaked string: whose, live, used from where, spent.

use std::io::Read;

use anyhow::Context;
use serde_json::Value;

use crate::desk::Desk;
use crate::exit::{Failed, Outcome};
use crate::print;

/// Reads the string from stdin and asks.
pub(crate) fn run(from: &str, desk: &Desk, json: bool) -> Outcome {
    if from != "-" {
        return Err(Failed::usage("a secret is never an argument").hint("`tollgate trace - < file`: the string is read from stdin"));
    }
    let mut string = Vec::new();
    std::io::stdin().read_to_end(&mut string).context("cannot read the string from stdin")?;
    let answer = desk.say("/v1/trace", string)?;
    if json { print::json(&answer) } else { print::lines(&page(&answer)) }
}

fn page(answer: &Value) -> String {
    let live = answer.get("live").and_then(Value::as_bool).unwrap_or(false);
    let is = match answer.get("kind").and_then(Value::as_str) {
        Some("virtual") => format!("the virtual key `{}` (its {} secret)", print::text(answer, "/key"), print::text(answer, "/secret")),
        Some("real") => format!("the REAL key of `{}`, version {}", print::text(answer, "/upstream"), print::text(answer, "/version")),
        _ => "nothing that this gate knows".to_owned(),
    };
    let empty = Vec::new();
    let from = answer.get("used_from").and_then(Value::as_array).unwrap_or(&empty).iter();
    let rows: Vec<_> = from.map(|one| vec![print::text(one, "/ip"), print::text(one, "/count"), print::instant(one, "/last")]).collect();
    format!(
        "it is {is}\nlive     {}\nspent    {}\nrefused  {}\n\n{}\nnext: {}\n",
        if live { "yes" } else { "no" },
        print::dollars(answer, "/spent"),
        print::text(answer, "/refused"),
        print::table(&["used from", "times", "last"], &rows, "never presented here"),
        print::text(answer, "/next"),
    )
}
