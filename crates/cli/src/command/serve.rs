//! `tollgate serve`: the gate, until it is told to stop.

use std::fmt::Write;

use anyhow::Context;
use tollgate_config::{Config, Process, Tls};

use crate::args;
use crate::authority;
use crate::exit::{Failed, Outcome};
use crate::house::{self, Accept, House};
use crate::log;
use crate::ready::Ready;
use crate::signal::Signals;

/// Runs the gate until SIGTERM or SIGINT; a second signal ends it at once.
pub(crate) fn run(arguments: &args::Serve, json: bool) -> Outcome {
    #[cfg(feature = "fault")]
    crate::fault::arm()?;
    let mut config = Config::load(&arguments.file.config).map_err(Failed::usage)?;
    move_listeners(&mut config, arguments);
    // other programs read these paths from the ready line, wherever they stand themselves
    config.state = std::path::absolute(&config.state).context("the state folder has no absolute path")?;
    for notice in config.notices(&Process) {
        eprintln!("note: {notice}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    log::begin();
    runtime.block_on(async {
        let mut signals = Signals::listen().context("cannot wait for signals")?;
        let accept = Accept { store: arguments.accept_store, clock: arguments.accept_clock };
        let house = house::open(&config, accept).await?;
        let (ready, people) = told(&house, &config);
        ready.say(json, &people).context("cannot write to stdout")?;
        signals.stopped().await;
        tokio::select! {
            closed = house.close() => closed.map_err(Failed::from),
            () = signals.stopped() => Err(Failed::new("ended at once by a second signal: calls in flight are unknown until reconciled")),
        }
    })
}

fn move_listeners(config: &mut Config, arguments: &args::Serve) {
    if let (Some(address), Some(first)) = (arguments.listen, config.listeners.first_mut()) {
        first.address = address;
    }
    if let Some(address) = arguments.admin {
        config.admin.address = address;
    }
}

/// What the ready line says of a house.
pub(crate) fn told(house: &House, config: &Config) -> (Ready, String) {
    let door = |tls: bool| house.doors.iter().find(|door| door.tls == tls).map(|door| door.address);
    let gate_tls = door(true).map(|address| format!("https://{address}"));
    let own = config.listeners.iter().any(|listener| listener.tls == Some(Tls::Own));
    let ready = Ready {
        gate: door(false).map(|address| format!("http://{address}")),
        ca: own.then(|| authority::certificate_path(&config.state).display().to_string()),
        gate_tls,
        admin: house.desk.address.map(|address| format!("http://{address}")),
        socket: Some(house.desk.socket.display().to_string()),
        upstream: config.upstreams.first().map(|upstream| upstream.name.to_string()),
        state: Some(config.state.display().to_string()),
        ..Ready::default()
    };
    // writing to a text cannot fail
    let mut people = String::new();
    for door in &house.doors {
        let scheme = if door.tls { "https" } else { "http" };
        let _ = writeln!(people, "gate at {scheme}://{}", door.address);
    }
    if let Some(admin) = &ready.admin {
        let _ = writeln!(people, "admin API at {admin}");
    }
    if let Some(why) = house.gate.unready() {
        let _ = writeln!(people, "not ready for paid calls yet: {why}; `tollgate doctor` says more");
    }
    (ready, people)
}
