//! `tollgate demo`: the defence matrix, each row decided by a real gate in front of a sandbox.

mod caller;
mod gate;
mod proofs;
mod rows;
mod table;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_sandbox::{Options, Running, Sandbox};

use self::gate::Gate;
use self::rows::Row;
use crate::args;
use crate::exit::{Failed, Outcome};
use crate::signal::Signals;

/// What a task costs in the demonstration.
const PRICE: &str = "0.10";

/// A sandbox with a gate in front of it.
struct Stage {
    sandbox: Running,
    gate: Gate,
}

/// Plays and prints the matrix; ends well only if every row came out as it must.
pub(crate) fn run(arguments: &args::Demo) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let began = now();
        let mut stage = open().await?;
        println!("a sandbox provider at http://{}, its real key known to the gate alone", stage.sandbox.address);
        println!("a gate at {}; every call below goes over a real socket\n", stage.gate.url());
        let rows = rows::play(&mut stage).await?;
        table::matrix(&rows);
        let proofs = proofs::play(&mut stage).await?;
        table::proofs(&proofs);
        println!("\nin {:.1} s", began.elapsed().as_secs_f64());
        let wrong = rows.iter().filter(|row| row.went_wrong()).count() + proofs.iter().filter(|proof| !proof.held).count();
        if wrong > 0 {
            return Err(Failed::new(format!("{wrong} of the rows above did not come out as they must")));
        }
        if !arguments.once {
            stay(&stage).await?;
        }
        stage.gate.stop()?;
        stage.sandbox.shutdown().await;
        Ok(())
    })
}

async fn open() -> Result<Stage> {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandbox = Sandbox::start(Options { listen: loopback, ..Options::default() }).await.context("the sandbox cannot listen")?;
    sandbox.change_mode(&json!({ "price": PRICE })).context("the sandbox does not take its price")?;
    let gate = Gate::start(sandbox.address, &sandbox.real_key, PRICE)?;
    Ok(Stage { sandbox, gate })
}

/// Stays up, so that a person can try it.
async fn stay(stage: &Stage) -> Result<()> {
    let key = stage.gate.create_key("yours", &json!({ "allow": ["127.0.0.0/8"], "caps": ["1/day"] })).await?;
    let gate = stage.gate.url();
    let mut signals = Signals::listen().context("cannot wait for signals")?;
    println!("\nit stays up until Ctrl-C; try:");
    println!("  curl '{gate}/in.php?key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com'");
    println!("  curl 'http://{}/_sandbox/books'", stage.sandbox.address);
    println!("  {} --state {} audit tail", gate::program()?.display(), stage.gate.state().display());
    signals.stopped().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how long the demonstration took is for a person's eyes")]
fn now() -> Instant {
    Instant::now()
}

impl Stage {
    /// What the provider charged so far, by its own books, in nano-dollars.
    fn charged(&self) -> Result<i64> {
        let books = self.sandbox.books();
        let charged = books.get("charged").and_then(serde_json::Value::as_str).context("the sandbox's books have no sum")?;
        Ok(tollgate_model::Money::parse(charged)?.nanos())
    }
}

impl Row {
    fn went_wrong(&self) -> bool {
        matches!(self.came_out, rows::CameOut::Wrong)
    }
}
