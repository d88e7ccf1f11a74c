//! Which parts would a PHP program find in a multipart body?

use memchr::{memchr, memmem};

/// One part of a form.
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    /// Whether it has a file name: then it is an upload and not a parameter.
    pub(super) file: bool,
    pub(super) data: Vec<u8>,
}

/// The parts, read leniently: lines may end in a bare LF, what stands before the first boundary is skipped, the last may be missing.
pub(super) fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
    let Some(boundary) = boundary(content_type) else { return Vec::new() };
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let starts: Vec<usize> = memmem::find_iter(body, &delimiter).filter(|at| begins_line(body, *at)).collect();
    let ends = starts.iter().skip(1).copied().chain([body.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| part(body.get(start + delimiter.len()..end)?)).collect()
}

/// PHP takes the first `boundary` it sees, up to a quote, a comma or a semicolon.
fn boundary(content_type: &str) -> Option<&str> {
    let at = content_type.to_ascii_lowercase().find("boundary")?;
    let value = content_type.get(at..)?.split_once('=')?.1;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ';']).next().map(str::trim_end),
    }
}

fn begins_line(body: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| body.get(before) == Some(&b'\n'))
}

/// A part from behind its delimiter to the next one.
fn part(bytes: &[u8]) -> Option<Part> {
    if bytes.starts_with(b"--") {
        return None;
    }
    let (_, mut rest) = take_line(bytes)?;
    let (mut name, mut file) = (None, false);
    loop {
        let (line, tail) = take_line(rest)?;
        rest = tail;
        if line.is_empty() {
            break;
        }
        if line.get(..20).is_some_and(|start| start.eq_ignore_ascii_case(b"content-disposition:")) {
            name = parameter(line, b"name");
            file = parameter(line, b"filename").is_some();
        }
    }
    let data = rest.strip_suffix(b"\n").unwrap_or(rest);
    Some(Part { name: name?, file, data: data.strip_suffix(b"\r").unwrap_or(data).to_vec() })
}

fn take_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr(b'\n', bytes)?)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

/// The last parameter of that name, quoted or not.
fn parameter(line: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    let mut found = None;
    let mut rest = line;
    while let Some(at) = memchr(b';', rest) {
        rest = rest.get(at + 1..)?;
        let trimmed = rest.trim_ascii_start();
        let value = trimmed.split_at_checked(wanted.len()).filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let Some(value) = value.and_then(|(_, value)| value.trim_ascii_start().strip_prefix(b"=")) else { continue };
        let value = value.trim_ascii_start();
        found = Some(match value.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted),
            None => value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end().to_vec(),
        });
    }
    found
}

fn unquote(quoted: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => out.extend(bytes.next()),
            other => out.push(*other),
        }
    }
    out
}
