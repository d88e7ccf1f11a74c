//! `tollgate check`: every mistake at once, or what is in force.

use std::path::Path;

use serde_json::{Value, json};
use tollgate_config::{Config, Mistakes, Process};

use crate::exit::{Failed, Outcome};
use crate::print;

/// Reads the configuration; exit 2 with every mistake, or 0 with what is in force and what should be known about it.
pub(crate) fn run(file: &Path, json: bool) -> Outcome {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(mistakes) => {
            if json {
                print::json(&json!({ "valid": false, "mistakes": told(&mistakes) }))?;
            }
            return Err(Failed::usage(mistakes));
        }
    };
    let notices = config.notices(&Process);
    if json {
        return print::json(&json!({ "valid": true, "in_force": config.table(), "notes": notices }));
    }
    print::lines(&config.in_force())?;
    for notice in notices {
        eprintln!("note: {notice}");
    }
    Ok(())
}

fn told(mistakes: &Mistakes) -> Vec<Value> {
    let one = |mistake: &tollgate_config::Mistake| {
        json!({
            "file": mistake.file.display().to_string(),
            "line": mistake.line,
            "column": mistake.column,
            "what": mistake.what,
            "hint": mistake.hint,
        })
    };
    mistakes.list().iter().map(one).collect()
}
