//! `tollgate check`: every mistake at once, or what is in force.

use std::path::Path;

use tollgate_config::{Config, Process};

use crate::exit::{Failed, Outcome};

/// Reads the configuration; exit 2 with every mistake, or 0 with what is in force and what should be known about it.
pub(crate) fn run(file: &Path) -> Outcome {
    let config = Config::load(file).map_err(Failed::usage)?;
    print!("{}", config.in_force());
    for notice in config.notices(&Process) {
        eprintln!("note: {notice}");
    }
    Ok(())
}
