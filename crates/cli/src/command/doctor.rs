//! `tollgate doctor`: what is not as it should be, each finding with its fix.

use serde_json::Value;
use tollgate_config::Config;

use crate::args::ConfigFile;
use crate::desk::Desk;
use crate::exit::{Failed, Outcome};
use crate::print;
use std::path::{Path, PathBuf};

/// Looks at the configuration if there is one, and asks the running gate; fails if there is an error among the findings.
pub(crate) fn run(file: &ConfigFile, state: Option<&Path>, json: bool) -> Outcome {
    let configured = if file.config.is_file() { Some(Config::load(&file.config).map_err(Failed::usage)?) } else { None };
    let usual = configured.map_or_else(|| PathBuf::from("state"), |config| config.state);
    let answer = Desk::find_or(state, &usual)?.call("GET", "/v1/doctor", None)?;
    let empty = Vec::new();
    let findings = answer.get("findings").and_then(Value::as_array).unwrap_or(&empty);
    if json {
        print::json(&answer)?;
    } else if findings.is_empty() {
        print::lines("nothing is wrong\n")?;
    } else {
        let told = findings.iter().map(|finding| {
            format!("{}: {}\n  fix: {}\n", print::text(finding, "/severity"), print::text(finding, "/what"), print::text(finding, "/fix"))
        });
        print::lines(&told.collect::<Vec<_>>().concat())?;
    }
    match findings.iter().filter(|finding| print::text(finding, "/severity") == "error").count() {
        0 => Ok(()),
        1 => Err(Failed::new("one finding keeps the gate from its work")),
        count => Err(Failed::new(format!("{count} findings keep the gate from its work"))),
    }
}
