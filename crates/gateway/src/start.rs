//! How does the gate begin and end? Sockets bound, one thread a worker, a drain at the end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use socket2::{Domain, Socket, Type};
use tokio_rustls::TlsAcceptor;
use tollgate_audit::{Lane, Synced};
use tollgate_books::LaneMark;

use crate::gate::Gate;
use crate::journal::Journal;
use crate::settings::Listener;
use crate::worker::{self, Door, Start};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// A bound socket with what was said about it.
pub struct Bound {
    socket: TcpListener,
    settings: Listener,
    /// Its address, with the port that was picked.
    pub address: SocketAddr,
}

/// What each worker is given for itself.
pub struct Desk {
    /// Its lane of the journal.
    pub lane: Lane,
    /// Set under `power` durability.
    pub synced: Option<Synced>,
    /// How far the books know of the lane.
    pub mark: LaneMark,
}

/// A gate at work.
pub struct Running {
    gate: Arc<Gate>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

/// Binds a listener.
pub fn bind(settings: Listener) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(settings.address), Type::STREAM, None)?;
    // a restart must not wait for connections of the last process to time out
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&settings.address.into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from(socket);
    let address = socket.local_addr()?;
    Ok(Bound { socket, settings, address })
}

impl Bound {
    /// Whether it speaks TLS.
    pub const fn speaks_tls(&self) -> bool {
        self.settings.tls.is_some()
    }
}

/// Starts one thread for each desk; every thread accepts at every door.
pub fn start(gate: &Arc<Gate>, doors: &[Bound], desks: Vec<Desk>) -> io::Result<Running> {
    let mut threads = Vec::with_capacity(desks.len());
    for (index, desk) in desks.into_iter().enumerate() {
        let doors = doors.iter().map(|door| open(gate, door)).collect::<io::Result<Vec<Door>>>()?;
        let journal = Journal::new(desk.lane, desk.synced, desk.mark, gate.clock);
        let start = Start { gate: gate.clone(), index, journal, doors };
        threads.push(std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || worker::run(start))?);
    }
    Ok(Running { gate: gate.clone(), threads })
}

fn open(gate: &Gate, door: &Bound) -> io::Result<Door> {
    let root = door.settings.upstream.as_ref().and_then(|name| gate.upstreams.named(name.as_str())).cloned();
    Ok(Door { listener: door.socket.try_clone()?, tls: door.settings.tls.clone().map(TlsAcceptor::from), root })
}

impl Running {
    /// Stops taking connections and waits for calls in flight, at most as long as the settings say; what is in flight then
    /// becomes unknown, with its outcome written.
    pub fn drain(self) -> io::Result<()> {
        self.gate.draining.store(true, Ordering::Relaxed);
        let mut ended = Ok(());
        for thread in self.threads {
            let one = thread.join().unwrap_or_else(|_| Err(io::Error::other("a worker ended by a fault of its own")));
            ended = ended.and(one);
        }
        ended
    }

    /// Whether every worker is at work.
    pub fn is_whole(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }
}
