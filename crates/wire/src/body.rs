//! Where does the body end? Bytes in, body out, incremental, with its limit checked before buffering.

use crate::reject::Reject;
use crate::request::Framing;

/// Reads one body.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// Bytes that may still be announced.
    room: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Bytes(u64),
    Size {
        digits: u8,
        size: u64,
    },
    SizeFeed(u64),
    Chunk(u64),
    ChunkReturn,
    ChunkFeed,
    LastReturn,
    LastFeed,
    Done,
    /// Refused; what follows means nothing.
    Failed(Reject),
}

/// How far a push came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that belong to the body and its framing; with `done`, what is behind them is another message's.
    pub used: usize,
    /// Whether the body has ended.
    pub done: bool,
}

impl Decoder {
    /// A reader for that framing; a length over the limit is refused before a byte is read.
    pub fn new(framing: Framing, limit: u64) -> Result<Self, Reject> {
        let state = match framing {
            Framing::None => State::Done,
            Framing::Length(length) if length > limit => return Err(Reject::BodyTooLarge),
            Framing::Length(length) => State::Bytes(length),
            Framing::Chunked => State::Size { digits: 0, size: 0 },
        };
        Ok(Self { state, room: limit })
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done | State::Bytes(0))
    }

    /// Takes what belongs to the body from `input` and appends its content to `out`: everything while the body has not ended. A
    /// chunk over the limit is refused by its size line. After an error every further push has the same error.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Progress, Reject> {
        let mut used = 0;
        while !self.is_done() {
            let rest = input.get(used..).unwrap_or_default();
            let Some(byte) = rest.first().copied() else { break };
            used += match self.state {
                State::Bytes(left) | State::Chunk(left) => self.content(left, rest, out),
                _ => {
                    self.state = self.step(byte).inspect_err(|reject| self.state = State::Failed(*reject))?;
                    1
                }
            };
        }
        Ok(Progress { used, done: self.is_done() })
    }

    fn content(&mut self, left: u64, rest: &[u8], out: &mut Vec<u8>) -> usize {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        out.extend_from_slice(rest.get(..wanted).unwrap_or_default());
        let left = left.saturating_sub(wanted as u64);
        self.state = match self.state {
            State::Chunk(_) if left == 0 => State::ChunkReturn,
            State::Chunk(_) => State::Chunk(left),
            _ => State::Bytes(left),
        };
        wanted
    }

    /// One byte of chunk framing: `1*8HEXDIG CRLF data CRLF … 0 CRLF CRLF`. No extensions, no trailers (RFC 9112 §7.1 lets a
    /// recipient refuse what it has no use for; accepting and ignoring them is where two parsers part).
    fn step(&mut self, byte: u8) -> Result<State, Reject> {
        match (self.state, byte) {
            (State::Size { digits: 1..=8, size }, b'\r') => Ok(State::SizeFeed(size)),
            (State::Size { digits: digits @ 0..=7, size }, _) => {
                let digit = char::from(byte).to_digit(16).ok_or(Reject::Chunk)?;
                Ok(State::Size { digits: digits + 1, size: size * 16 + u64::from(digit) })
            }
            (State::SizeFeed(0), b'\n') => Ok(State::LastReturn),
            (State::SizeFeed(size), b'\n') => {
                self.room = self.room.checked_sub(size).ok_or(Reject::BodyTooLarge)?;
                Ok(State::Chunk(size))
            }
            (State::ChunkReturn, b'\r') => Ok(State::ChunkFeed),
            (State::ChunkFeed, b'\n') => Ok(State::Size { digits: 0, size: 0 }),
            (State::LastReturn, b'\r') => Ok(State::LastFeed),
            (State::LastFeed, b'\n') => Ok(State::Done),
            (State::Failed(reject), _) => Err(reject),
            _ => Err(Reject::Chunk),
        }
    }
}
