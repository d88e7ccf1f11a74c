//! `tollgate sandbox`: the provider simulator, until it is told to stop.

use anyhow::Context;
use tollgate_sandbox::{Options, Sandbox};

use crate::args;
use crate::exit::Outcome;
use crate::ready::Ready;
use crate::signal::Signals;

/// Runs the sandbox until SIGTERM or SIGINT.
pub(crate) fn run(arguments: &args::Sandbox, json: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let mut signals = Signals::listen().context("cannot wait for signals")?;
        let options = Options { listen: arguments.listen, ..Options::default() };
        let running = Sandbox::start(options)
            .await
            .with_context(|| format!("cannot listen at `{}`: `--listen 127.0.0.1:0` picks a free port", arguments.listen))?;
        let address = format!("http://{}", running.address);
        let people = format!("sandbox at {address}\nits key: {}\nits books: curl {address}/_sandbox/books\n", running.real_key);
        let ready = Ready { sandbox: Some(address), real_key: Some(running.real_key.clone()), ..Ready::default() };
        ready.say(json, &people).context("cannot write to stdout")?;
        signals.stopped().await;
        running.shutdown().await;
        Ok(())
    })
}
