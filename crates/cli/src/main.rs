//! The `tollgate` command: parse, wire, run, drain.

mod args;
mod authority;
mod command;
mod desk;
mod exit;
#[cfg(feature = "fault")]
mod fault;
mod house;
mod log;
mod print;
mod ready;
mod signal;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Noun, Tollgate};
use crate::desk::Desk;
use crate::exit::Outcome;

fn main() -> ExitCode {
    let tollgate = match Tollgate::try_parse() {
        Ok(tollgate) => tollgate,
        Err(error) => {
            let usage = error.use_stderr();
            let _ = error.print();
            return if usage { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match run(tollgate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.report(),
    }
}

fn run(tollgate: Tollgate) -> Outcome {
    let state = tollgate.state.as_deref();
    match tollgate.noun {
        Noun::Init { dir } => command::init::run(dir.as_deref()),
        Noun::Check(file) => command::check::run(&file.config, tollgate.json),
        Noun::Serve(arguments) => command::serve::run(&arguments, tollgate.json),
        Noun::Dev(arguments) => command::dev::run(&arguments, state, tollgate.json),
        Noun::Demo(arguments) => command::demo::run(&arguments),
        Noun::Sandbox(arguments) => command::sandbox::run(&arguments, tollgate.json),
        Noun::Doctor(file) => command::doctor::run(&file, state, tollgate.json),
        Noun::Key(key) => command::key::run(key, &Desk::find(state)?, tollgate.json),
        Noun::Team(team) => command::team::run(team, &Desk::find(state)?, tollgate.json),
        Noun::Apply(asked) => command::apply::run(&asked, &Desk::find(state)?, tollgate.json),
        Noun::Books(books) => command::books::run(&books, &Desk::find(state)?, tollgate.json),
        Noun::Store(store) => command::store::run(&store, tollgate.json),
        Noun::Usage(asked) => command::usage::run(&asked, &Desk::find(state)?, tollgate.json),
        Noun::Explain(asked) => command::explain::run(&asked, &Desk::find(state)?, tollgate.json),
        Noun::Why(asked) => command::why::run(&asked, tollgate.json),
        Noun::Trace { from } => command::trace::run(&from, &Desk::find(state)?, tollgate.json),
        Noun::Audit(audit) => command::audit::run(audit, state, tollgate.json),
    }
}
