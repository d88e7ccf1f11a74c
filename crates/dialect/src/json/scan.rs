//! Is it JSON, to the letter? One pass over the text, bounded in depth and width.

use smallvec::SmallVec;

use super::{JsonError, Kind, Names, Raw};

/// Deeper than any client or provider goes (SECURITY: limits).
const DEEPEST: usize = 16;
/// Of one object; names are compared with each other, so this also bounds time.
const WIDEST: usize = 400;
/// Of a request: such a number is one to every reader that keeps doubles; a longer one is infinite to some and refused by others.
const LONGEST_NUMBER: usize = 40;
const LONGEST_EXPONENT: usize = 2;

pub(super) fn object<'a>(text: &'a [u8], names: Names, each: impl FnMut(&'a [u8], Raw<'a>)) -> Result<(), JsonError> {
    std::str::from_utf8(text).map_err(|_| JsonError::Syntax)?;
    let mut scan = Scan { text, at: 0, names };
    scan.space();
    scan.members(DEEPEST, each)?;
    scan.space();
    if scan.at == text.len() { Ok(()) } else { Err(JsonError::Syntax) }
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    names: Names,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, JsonError> {
        let byte = self.peek().ok_or(JsonError::Syntax)?;
        self.at += 1;
        Ok(byte)
    }

    fn expect(&mut self, wanted: u8) -> Result<(), JsonError> {
        if self.next()? == wanted { Ok(()) } else { Err(JsonError::Syntax) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn members(&mut self, depth: usize, mut each: impl FnMut(&'a [u8], Raw<'a>)) -> Result<(), JsonError> {
        let depth = depth.checked_sub(1).ok_or(JsonError::Depth)?;
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut seen = SmallVec::<[&[u8]; 16]>::new();
        loop {
            let name = self.name(&seen)?;
            seen.push(name);
            self.space();
            self.expect(b':')?;
            self.space();
            let value = self.value(depth)?;
            each(name, value);
            self.space();
            match self.next()? {
                b',' => self.space(),
                b'}' => return Ok(()),
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    fn name(&mut self, seen: &[&[u8]]) -> Result<&'a [u8], JsonError> {
        let start = self.at + 1;
        let escaped = self.string()?;
        let name = self.text.get(start..self.at - 1).unwrap_or_default();
        // DEL may stand in JSON as it is, and is written with an escape: a name that holds one is not plain either
        if self.names == Names::Plain && (escaped || name.contains(&0x7f)) {
            return Err(JsonError::EscapedName);
        }
        if seen.contains(&name) {
            return Err(JsonError::Duplicate);
        }
        if seen.len() == WIDEST { Err(JsonError::TooMany) } else { Ok(name) }
    }

    fn value(&mut self, depth: usize) -> Result<Raw<'a>, JsonError> {
        let start = self.at;
        let kind = match self.peek().ok_or(JsonError::Syntax)? {
            b'"' => self.string().map(|_| Kind::String)?,
            b'{' => self.members(depth, |_, _| {}).map(|()| Kind::Object)?,
            b'[' => self.array(depth).map(|()| Kind::Array)?,
            b't' => self.word(b"true").map(|()| Kind::Bool)?,
            b'f' => self.word(b"false").map(|()| Kind::Bool)?,
            b'n' => self.word(b"null").map(|()| Kind::Null)?,
            _ => self.number().map(|()| Kind::Number)?,
        };
        Ok(Raw { text: self.since(start), kind })
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        let depth = depth.checked_sub(1).ok_or(JsonError::Depth)?;
        self.expect(b'[')?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.space();
            match self.next()? {
                b',' => self.space(),
                b']' => return Ok(()),
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    fn word(&mut self, wanted: &[u8]) -> Result<(), JsonError> {
        let end = self.at + wanted.len();
        if self.text.get(self.at..end) != Some(wanted) {
            return Err(JsonError::Syntax);
        }
        self.at = end;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let exponent = self.number_text()?;
        let held = self.at - start <= LONGEST_NUMBER && exponent <= LONGEST_EXPONENT;
        if held || self.names == Names::Any { Ok(()) } else { Err(JsonError::Number) }
    }

    /// Walks over a number and says how many digits its exponent has.
    fn number_text(&mut self) -> Result<usize, JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.next()? {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return Err(JsonError::Syntax),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            let start = self.at;
            self.some_digits()?;
            return Ok(self.at - start);
        }
        Ok(0)
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.digits();
        if self.at > start { Ok(()) } else { Err(JsonError::Syntax) }
    }

    /// Walks over a string and says whether it holds an escape.
    fn string(&mut self) -> Result<bool, JsonError> {
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let run = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).ok_or(JsonError::Syntax)?;
            self.at += run;
            match self.next()? {
                b'"' => return Ok(escaped),
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.four_digits()? {
                0xd800..=0xdbff => {
                    self.word(b"\\u")?;
                    if matches!(self.four_digits()?, 0xdc00..=0xdfff) { Ok(()) } else { Err(JsonError::Syntax) }
                }
                0xdc00..=0xdfff => Err(JsonError::Syntax),
                _ => Ok(()),
            },
            _ => Err(JsonError::Syntax),
        }
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16).ok_or(JsonError::Syntax)?;
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }
}
