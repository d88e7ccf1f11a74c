//! What did the sandbox receive, byte for byte?

use std::collections::VecDeque;
use std::net::IpAddr;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::message::Message;

/// As many requests as are kept; the oldest go first.
const KEPT: usize = 200_000;

/// The requests received, numbered from 1 since the last clearing.
#[derive(Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    forgotten: usize,
}

/// One request and where it came from.
#[derive(Clone)]
pub(crate) struct Entry {
    peer: IpAddr,
    message: Message,
}

impl Log {
    pub(crate) fn push(&mut self, peer: IpAddr, message: Message) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.entries.push_back(Entry { peer, message });
    }

    pub(crate) fn entries(&self) -> Vec<(usize, Entry)> {
        (self.forgotten + 1..).zip(self.entries.iter().cloned()).collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Entry {
    /// `complete` is false for bytes that never became a request; `raw_base64` is every byte, framing included.
    pub(crate) fn to_json(&self, n: usize) -> Value {
        let (method, target) = self.message.request_line();
        json!({
            "n": n,
            "method": method,
            "target": target,
            "headers": self.message.headers(),
            "body_base64": BASE64_STANDARD.encode(&self.message.body),
            "peer": self.peer.to_string(),
            "complete": self.message.complete,
            "raw_base64": BASE64_STANDARD.encode(&self.message.raw),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Bytes;

    #[test]
    fn the_oldest_request_is_forgotten_and_the_numbers_go_on() {
        let mut log = Log::default();
        for _ in 0..KEPT + 2 {
            log.push([127, 0, 0, 1].into(), Message::broken(Bytes::new()));
        }
        let entries = log.entries();
        assert_eq!((entries.len(), entries[0].0), (KEPT, 3));
        log.clear();
        assert!(log.entries().is_empty());
    }
}
