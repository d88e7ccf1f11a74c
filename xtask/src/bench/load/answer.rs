//! Is the answer whole, and what does it say?

use anyhow::{Context, Result};

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) body: &'a [u8],
    /// Whether it is the connection's last.
    pub(crate) closes: bool,
}

impl<'a> Answer<'a> {
    /// The answer, once all of it is there.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let (head, body) = bytes.split_at(end);
        let body = body.get(4..).unwrap_or_default();
        let (mut length, mut closes) = (None, false);
        for line in head.split(|byte| *byte == b'\n') {
            if let Some(value) = value(line, b"content-length:") {
                length = std::str::from_utf8(value)?.parse::<usize>().ok();
            } else if let Some(value) = value(line, b"connection:") {
                closes = value.eq_ignore_ascii_case(b"close");
            }
        }
        let length = length.context("an answer without Content-Length")?;
        Ok((body.len() >= length).then_some(Self { body, closes }))
    }

    /// The task that was bought, or any other yes.
    pub(crate) fn yes(&self) -> Option<&'a [u8]> {
        self.body.strip_prefix(b"OK|")
    }
}

fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nOK|").unwrap(), None);
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n").unwrap(), None);
        let whole = Answer::read(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nOK|1").unwrap().unwrap();
        assert_eq!((whole.yes(), whole.closes), (Some(&b"1"[..]), true));
        assert!(Answer::read(b"HTTP/1.1 200 OK\r\n\r\nOK|1").is_err());
    }
}
