//! The `tollgate` command: parse, wire, run, drain.

mod args;
mod authority;
mod command;
mod exit;
mod house;
mod log;
mod ready;
mod signal;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Noun, Tollgate};
use crate::exit::{Failed, Outcome};

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
    match tollgate.noun {
        Noun::Init { dir } => command::init::run(dir.as_deref()),
        Noun::Check(file) => command::check::run(&file.config),
        Noun::Serve(arguments) => command::serve::run(&arguments, tollgate.json),
        Noun::Dev(arguments) => command::dev::run(&arguments, tollgate.state.as_deref(), tollgate.json),
        Noun::Demo(arguments) => command::demo::run(&arguments),
        Noun::Sandbox(arguments) => command::sandbox::run(&arguments, tollgate.json),
        _ => Err(Failed::new("this verb comes with the next commits")),
    }
}
