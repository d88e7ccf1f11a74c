//! `tollgate audit`: the log's last lines, and the proof that nothing of it was touched.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::args::Audit;
use crate::desk::{self, Desk};
use crate::exit::{Failed, Outcome};
use crate::house::audit_folder;
use crate::print;

/// How often new lines are asked for.
const EVERY: Duration = Duration::from_secs(1);
/// New lines looked for in one round.
const ROUND: usize = 1_000;

/// Runs one of the verbs.
pub(crate) fn run(audit: Audit, state: Option<&Path>, json: bool) -> Outcome {
    match audit {
        Audit::Tail { n, follow } => tail(&Desk::find(state)?, n, follow, json),
        Audit::Verify { dir } => {
            let dir = match dir {
                Some(dir) => dir,
                None => audit_folder(&desk::state(state)?),
            };
            verify(&dir, json)
        }
    }
}

fn tail(desk: &Desk, count: usize, follow: bool, json: bool) -> Outcome {
    let mut seen = HashSet::new();
    let mut ask = count;
    loop {
        let answer = desk.call("GET", &format!("/v1/audit/tail?n={ask}"), None)?;
        let empty = Vec::new();
        let lines = answer.get("lines").and_then(Value::as_array).unwrap_or(&empty);
        let mut next = HashSet::new();
        for line in lines {
            let seq = print::text(line, "/tollgate/seq");
            if !seen.contains(&seq) {
                if json { print::json(line)? } else { print::lines(&short(line))? }
            }
            next.insert(seq);
        }
        if !follow {
            return Ok(());
        }
        seen = next;
        ask = ROUND.max(count);
        std::thread::sleep(EVERY);
    }
}

/// One line of the log as one line for a person.
fn short(line: &Value) -> String {
    let mut words = vec![print::text(line, "/@timestamp"), print::text(line, "/event/action")];
    for place in [
        "/tollgate/key/name",
        "/tollgate/operation",
        "/tollgate/decision",
        "/tollgate/denied_by",
        "/tollgate/hold",
        "/tollgate/cost/settled",
        "/tollgate/alarm",
        "/tollgate/subject",
        "/client/ip",
        "/tollgate/request_id",
    ] {
        let word = print::text(line, place);
        if word != "-" {
            words.push(word);
        }
    }
    // an act is two lines, before it and after it: they differ in what came of it
    if line.pointer("/tollgate/decision").is_none() {
        words.push(print::text(line, "/event/outcome"));
    }
    format!("{}\n", words.join("  "))
}

fn verify(dir: &Path, json: bool) -> Outcome {
    if !dir.is_dir() {
        return Err(
            Failed::new(format!("there is no audit log at `{}`", dir.display())).hint("`tollgate audit verify DIR`, or `--state DIR`")
        );
    }
    match tollgate_audit::verify(dir) {
        Ok(whole) => {
            let told = json!({
                "whole": true,
                "lanes": whole.lanes,
                "lines": whole.lines,
                "unsealed": whole.unsealed,
                "checkpoints": whole.checkpoints,
                "last": whole.last_at.map(|at| at.to_string()),
            });
            if json {
                return print::json(&told);
            }
            let (lines, lanes, checkpoints, unsealed) = (whole.lines, whole.lanes, whole.checkpoints, whole.unsealed);
            print::lines(&format!(
                "whole: {lines} lines in {lanes} lanes, {checkpoints} checkpoints, {unsealed} lines newer than the last\n"
            ))
        }
        Err(findings) => {
            if json {
                let told: Vec<Value> = findings.iter().map(|one| json!({ "file": one.file, "line": one.line, "what": one.what })).collect();
                print::json(&json!({ "whole": false, "findings": told }))?;
            } else {
                let told: Vec<String> = findings.iter().map(|finding| format!("{finding}\n")).collect();
                print::lines(&told.concat())?;
            }
            Err(Failed::new(format!("`{}` is not what was written", PathBuf::from(dir).display())))
        }
    }
}
