//! Which parts would a PHP program find in a multipart body?
//!
//! After `main/rfc1867.c`, compared with PHP 8.2: lines may end in a bare LF, a boundary is a line of its own and nothing else, what follows the
//! closing boundary is read on, a part without a name ends the reading.

use memchr::{memchr, memmem};

/// One part of a form.
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    /// Whether it has a file name: then it is an upload and not a parameter.
    pub(super) file: bool,
    pub(super) data: Vec<u8>,
}

/// The parts of a body with that content type.
pub(super) fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(boundary) = boundary(content_type) else { return parts };
    let next = [b"\n--", boundary.as_bytes()].concat();
    let mut rest = body;
    while let Some(begun) = behind_line(rest, next.get(1..).unwrap_or_default()) {
        let (disposition, behind_head) = head(begun);
        rest = behind_head;
        let Some(disposition) = disposition else { continue };
        let (name, file) = name_and_file(&disposition);
        let Some(name) = name else { break };
        let end = memmem::find(rest, &next);
        // a body that breaks off may have begun its last boundary: the line end is not data
        let open = (rest.strip_suffix(b"\n").unwrap_or(rest), [].as_slice());
        let (data, tail) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or(open);
        parts.push(Part { name, file, data: data.strip_suffix(b"\r").unwrap_or(data).to_vec() });
        rest = tail.get(1..).unwrap_or_default();
    }
    parts
}

/// PHP takes the first lower-case `boundary` it sees, or else one in any letters, up to a quote, a comma or a semicolon.
fn boundary(content_type: &str) -> Option<&str> {
    let at = content_type.find("boundary").or_else(|| content_type.to_ascii_lowercase().find("boundary"))?;
    let value = content_type.get(at..)?.split_once('=')?.1;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ';']).next(),
    }
}

fn behind_line<'a>(mut bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    loop {
        let (line, rest) = take_line(bytes)?;
        if line == wanted {
            return Some(rest);
        }
        bytes = rest;
    }
}

/// The first `Content-Disposition` of a part's head, its folds undone, and what follows the head.
fn head(mut bytes: &[u8]) -> (Option<Vec<u8>>, &[u8]) {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let Some((line, rest)) = take_line(bytes) else { return (None, &[]) };
        bytes = rest;
        match lines.last_mut() {
            _ if line.is_empty() => break,
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => last.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
    }
    let value = |line: &Vec<u8>| {
        let (name, value) = line.split_at_checked(memchr(b':', line)?)?;
        name.eq_ignore_ascii_case(b"content-disposition").then(|| value.get(1..).unwrap_or_default().to_vec())
    };
    (lines.iter().find_map(value), bytes)
}

fn take_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr(b'\n', bytes)?)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

/// The last `name`, and whether there is a `filename`; no space may stand before the equals sign.
fn name_and_file(disposition: &[u8]) -> (Option<Vec<u8>>, bool) {
    let (mut name, mut file) = (None, false);
    let mut rest = disposition;
    while !rest.is_empty() {
        let (pair, tail) = split_unquoted(rest, b';');
        rest = tail;
        let (key, value) = split_unquoted(pair.trim_ascii_start(), b'=');
        if key.eq_ignore_ascii_case(b"name") {
            name = Some(unquote(value));
        }
        file |= key.eq_ignore_ascii_case(b"filename");
    }
    (name, file)
}

/// Splits at the first stop that stands in no quotes, single or double.
fn split_unquoted(text: &[u8], stop: u8) -> (&[u8], &[u8]) {
    let (mut quote, mut escaped) = (None, false);
    for (at, byte) in text.iter().enumerate() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(open) => {
                escaped = *byte == b'\\' && text.get(at + 1) == Some(&open);
                quote = Some(open).filter(|open| open != byte);
            }
            None if *byte == stop => return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
            None => quote = Some(*byte).filter(|byte| matches!(byte, b'"' | b'\'')),
        }
    }
    (text, &[])
}

/// A quoted value up to its quote, or a bare one up to a space; a backslash guards a quote or another backslash.
fn unquote(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii_start();
    let quote = value.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let mut bytes = value.get(usize::from(quote.is_some())..).unwrap_or_default().iter().copied().peekable();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let ends = quote.map_or(byte.is_ascii_whitespace(), |quote| byte == quote);
        if ends {
            break;
        }
        let guarded = bytes.next_if(|next| byte == b'\\' && (*next == b'\\' || Some(*next) == quote));
        out.push(guarded.unwrap_or(byte));
    }
    out
}
