//! A wire between two processes that a test can cut: bytes wait, as packets do that nobody acknowledges, or connections break.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// They go through.
    Whole,
    /// Nothing goes through and nobody is told, as between two networks that are apart: what was sent meanwhile arrives when the
    /// wire is whole again, if anybody still waits for it.
    Silent,
    /// Connections break, and new ones break at once.
    Broken,
}

/// The wire; it listens on 127.0.0.1.
pub struct Link {
    at: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    wire: Wire,
    target: Option<SocketAddr>,
    /// Both ends of what is open.
    ends: Vec<TcpStream>,
}

impl Link {
    /// One that leads nowhere yet.
    pub fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let at = listener.local_addr()?;
        let state = Mutex::new(State { wire: Wire::Whole, target: None, ends: Vec::new() });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let theirs = shared.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let shared = theirs.clone();
                // there may be hundreds, and each only copies
                let _ = thread::Builder::new().stack_size(128 * 1024).spawn(move || carry(&near, &shared));
            }
        });
        Ok(Self { at, shared })
    }

    /// One to there.
    pub fn to(target: SocketAddr) -> Result<Self> {
        let link = Self::new()?;
        link.lead_to(target);
        Ok(link)
    }

    /// Where new connections go from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        self.shared.lock().target = Some(target);
    }

    /// Where it listens.
    pub const fn at(&self) -> SocketAddr {
        self.at
    }

    /// Cuts it, or mends it.
    pub fn set(&self, wire: Wire) {
        let mut state = self.shared.lock();
        state.wire = wire;
        if wire == Wire::Broken {
            for end in state.ends.drain(..) {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while nothing goes through; false if the wire is broken.
    fn is_open(&self) -> bool {
        let state = self.changed.wait_while(self.lock(), |state| state.wire == Wire::Silent);
        state.unwrap_or_else(PoisonError::into_inner).wire == Wire::Whole
    }
}

fn carry(near: &TcpStream, shared: &Arc<Shared>) {
    let far = if shared.is_open() { shared.lock().target.and_then(|target| TcpStream::connect(target).ok()) } else { None };
    let Some(far) = far else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let [near, far] = [near, &far].map(TcpStream::try_clone);
    let (Ok(near), Ok(far)) = (near, far) else { return };
    let ends = [near.try_clone(), far.try_clone(), near.try_clone(), far.try_clone()];
    let [Ok(to_near), Ok(to_far), Ok(kept_near), Ok(kept_far)] = ends else { return };
    {
        let mut state = shared.lock();
        state.ends.retain(|end| end.peer_addr().is_ok());
        state.ends.extend([kept_near, kept_far]);
    }
    let theirs = shared.clone();
    let _ = thread::Builder::new().stack_size(128 * 1024).spawn(move || copy(far, to_near, &theirs));
    copy(near, to_far, shared);
}

fn copy(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut block = [0; 16 * 1024];
    loop {
        let read = from.read(&mut block).unwrap_or(0);
        // also an end is told only over a whole wire
        let open = shared.is_open();
        if read == 0 || !open || block.get(..read).is_none_or(|bytes| to.write_all(bytes).is_err()) {
            break;
        }
    }
    let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}

/// Nobody waits for a wire that is gone.
impl Drop for Link {
    fn drop(&mut self) {
        self.set(Wire::Broken);
        // the thread that listens has one more to accept, and ends with the process
        let _ = TcpStream::connect_timeout(&self.at, Duration::from_millis(100));
    }
}
