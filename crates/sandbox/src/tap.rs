//! How is every byte of a connection seen, and how is a connection cut at a named point?

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Bytes;
use memchr::memmem;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::message::{Extent, extent, is_control};
use crate::state::State;

/// What one connection has received and not yet taken as a message, and whether its answer is to be cut.
#[derive(Default)]
pub(crate) struct Wire {
    received: Mutex<Vec<u8>>,
    cut: Mutex<Cut>,
}

/// An answer that is cut is held until it is whole, so that half of it is known.
#[derive(Default)]
enum Cut {
    #[default]
    No,
    Holding {
        body: usize,
        held: Vec<u8>,
    },
    Closing {
        left: Vec<u8>,
    },
}

impl Wire {
    /// Takes the first message, which hyper has read to its end.
    pub(crate) fn take_message(&self) -> (Bytes, Extent) {
        let mut received = self.received.lock();
        let all = Extent { head_end: received.len(), end: received.len(), chunked: true };
        let extent = extent(&received).unwrap_or(all);
        let rest = received.split_off(extent.end);
        (Bytes::from(std::mem::replace(&mut *received, rest)), extent)
    }

    /// Takes what no message was made of.
    pub(crate) fn take_rest(&self) -> Vec<u8> {
        std::mem::take(&mut *self.received.lock())
    }

    /// Lets only half of the next answer out, whose body is that long, and closes.
    pub(crate) fn cut_answer(&self, body: usize) {
        *self.cut.lock() = Cut::Holding { body, held: Vec::new() };
    }
}

impl Cut {
    fn hold(&mut self, bytes: &[u8]) {
        if let Self::Holding { body, held } = self {
            held.extend_from_slice(bytes);
            let whole = memmem::find(held, b"\r\n\r\n").map(|head| head + 4 + *body);
            if let Some(whole) = whole.filter(|whole| held.len() >= *whole) {
                held.truncate(whole / 2);
                *self = Self::Closing { left: std::mem::take(held) };
            }
        }
    }
}

/// A connection that keeps a copy of what it reads.
pub(crate) struct Tap {
    stream: TcpStream,
    wire: Arc<Wire>,
    state: Arc<State>,
    dropped: bool,
}

impl Tap {
    pub(crate) fn new(stream: TcpStream, wire: Arc<Wire>, state: Arc<State>) -> Self {
        Self { stream, wire, state, dropped: false }
    }

    /// Before the first byte of a message: is this a request to be dropped unread? The bytes stay in the kernel, so the peer sees a reset.
    fn poll_drop(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.wire.received.lock().is_empty() || !self.state.drops_before_read() {
            return Poll::Ready(Ok(()));
        }
        let mut space = [0_u8; 32];
        let mut seen = ReadBuf::new(&mut space);
        ready!(self.stream.poll_peek(cx, &mut seen))?;
        self.dropped = !seen.filled().is_empty() && !is_control(seen.filled());
        Poll::Ready(if self.dropped { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) })
    }

    /// Writes what is left of a cut answer, then fails so that hyper lets go of the connection.
    fn poll_close(stream: &mut TcpStream, left: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<io::Error> {
        while !left.is_empty() {
            match ready!(Pin::new(&mut *stream).poll_write(cx, left)) {
                Ok(written) => drop(left.drain(..written.min(left.len()))),
                Err(error) => return Poll::Ready(error),
            }
        }
        Poll::Ready(io::ErrorKind::BrokenPipe.into())
    }
}

impl AsyncRead for Tap {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        ready!(tap.poll_drop(cx))?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut tap.stream).poll_read(cx, buffer))?;
        tap.wire.received.lock().extend_from_slice(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, wire, .. } = self.get_mut();
        let mut cut = wire.cut.lock();
        match &mut *cut {
            Cut::No => Pin::new(stream).poll_write(cx, bytes),
            Cut::Holding { .. } => {
                cut.hold(bytes);
                Poll::Ready(Ok(bytes.len()))
            }
            Cut::Closing { left } => Self::poll_close(stream, left, cx).map(Err),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, wire, .. } = self.get_mut();
        match &mut *wire.cut.lock() {
            Cut::No => Pin::new(stream).poll_flush(cx),
            Cut::Holding { .. } => Poll::Ready(Ok(())),
            Cut::Closing { left } => Self::poll_close(stream, left, cx).map(Err),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        // an orderly end would hide the reset
        if tap.dropped { Poll::Ready(Ok(())) } else { Pin::new(&mut tap.stream).poll_shutdown(cx) }
    }
}
