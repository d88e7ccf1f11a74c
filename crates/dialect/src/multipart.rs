//! What are the parts of a `multipart/form-data` body? One strict grammar; every leniency of PHP's parser is a refusal.

use smallvec::SmallVec;

use crate::media;
use crate::misread::Unclear;
use crate::params::{Params, Place, plain_name};
use crate::value::Value;

/// A file that was sent as one.
#[derive(Clone)]
pub struct FilePart<'a> {
    /// The part's name, plain.
    pub name: &'a str,
    /// The extension of its file name, without the point, letters and digits; of the name this is all that goes on.
    pub extension: &'a str,
    /// Its bytes.
    pub data: &'a [u8],
}

impl std::fmt::Debug for FilePart<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "FilePart({}, {} bytes)", self.name, self.data.len())
    }
}

/// How a body parts into fields and files: name and value, name and file.
pub type Parts<'a> = (Vec<(&'a str, &'a [u8])>, Vec<FilePart<'a>>);

/// Reads a body by its content type; for tests and fuzzing, where no operation is meant.
///
/// # Errors
/// The reason, if it is not multipart or not strictly so.
pub fn parse<'a>(content_type: &'a [u8], body: &'a [u8]) -> Result<Parts<'a>, &'static str> {
    let media::Media::Multipart(boundary) = media::read(Some(content_type)).map_err(|unclear| unclear.reason)? else {
        return Err("not multipart");
    };
    let mut params = Params::default();
    read(body, boundary, &mut params).map_err(|unclear| unclear.reason)?;
    let fields = params.list.iter().filter_map(|param| Some((param.name, param.value.as_sent()?))).collect();
    Ok((fields, params.files))
}

/// Reads `--B CRLF head CRLF CRLF data CRLF --B … --B--[CRLF]`: CRLF only, no preamble, no epilogue, the closing boundary
/// present, and `CRLF --B` nowhere but at a part's end.
pub(crate) fn read<'a>(body: &'a [u8], boundary: &[u8], params: &mut Params<'a>) -> Result<(), Unclear> {
    let mut mark: SmallVec<[u8; 80]> = SmallVec::from_slice(b"\n--");
    mark.extend_from_slice(boundary);
    let finder = memchr::memmem::Finder::new(&mark);

    let opening = mark.get(1..).unwrap_or_default();
    let mut rest = body.strip_prefix(opening).ok_or(Unclear::ambiguous("multipart that does not start with its boundary"))?;
    loop {
        rest = match rest {
            [b'-', b'-'] | [b'-', b'-', b'\r', b'\n'] => return Ok(()),
            [b'\r', b'\n', part @ ..] => part,
            _ => return Err(Unclear::ambiguous("multipart with a broken boundary line")),
        };
        let (head, data_at) = head_of(rest)?;
        let data = rest.get(data_at..).unwrap_or_default();
        let end = finder.find(data).ok_or(Unclear::ambiguous("multipart without its final boundary"))?;
        let (data, tail) = data.split_at(end);
        // PHP ends a part at a bare line feed too; what we would read as data it would read as the next part
        let data = data.strip_suffix(b"\r").ok_or(Unclear::ambiguous("a boundary behind a bare line feed"))?;
        rest = tail.get(mark.len()..).unwrap_or_default();
        part(head, data, params)?;
    }
}

fn head_of(rest: &[u8]) -> Result<(&[u8], usize), Unclear> {
    const LONGEST: usize = 1024;
    let window = rest.get(..rest.len().min(LONGEST)).unwrap_or_default();
    let at = memchr::memmem::find(window, b"\r\n\r\n").ok_or(Unclear::malformed("a part without a head"))?;
    Ok((rest.get(..at).unwrap_or_default(), at + 4))
}

fn part<'a>(head: &'a [u8], data: &'a [u8], params: &mut Params<'a>) -> Result<(), Unclear> {
    let head = Head::read(head, data.len())?;
    let name = plain_name(head.name)?;
    match head.filename {
        None if head.is_text => params.push(name.as_bytes(), Value::plain(data), Place::Body),
        None => Err(Unclear::malformed("a field whose content type is not text/plain")),
        Some(_) if !is_file_name(name) => Err(Unclear::ambiguous("a file where a field belongs")),
        Some(filename) => params.push_file(FilePart { name, extension: extension(filename)?, data }),
    }
}

/// The names under which files are sent: `file`, `file_1` … `file_9`, `imginstructions` (2captcha-python 2.1.2, `files`).
fn is_file_name(name: &str) -> bool {
    let numbered = name.strip_prefix("file_").is_some_and(|digit| digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name, "file" | "imginstructions") || numbered
}

fn extension(filename: &[u8]) -> Result<&str, Unclear> {
    let bad = filename.is_empty() || filename.len() > 255 || filename.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\');
    if bad {
        return Err(Unclear::malformed("a file name that is not plain"));
    }
    let last = filename.iter().rposition(|byte| *byte == b'.').and_then(|at| filename.get(at + 1..)).unwrap_or_default();
    let plain = last.len() <= 5 && last.iter().all(u8::is_ascii_alphanumeric);
    let last = if plain { last } else { &[] };
    Ok(std::str::from_utf8(last).unwrap_or_default())
}

/// A part's head, each line at most once.
struct Head<'a> {
    name: &'a [u8],
    filename: Option<&'a [u8]>,
    is_text: bool,
}

impl<'a> Head<'a> {
    fn read(text: &'a [u8], length: usize) -> Result<Self, Unclear> {
        let (mut disposition, mut kind, mut encoding, mut size) = (None, None, None, None);
        let mut rest = Some(text);
        while let Some(lines) = rest {
            let (line, more) = split_line(lines);
            rest = more;
            let (name, value) = header(line)?;
            let place = match name.to_ascii_lowercase().as_slice() {
                b"content-disposition" => &mut disposition,
                b"content-type" => &mut kind,
                b"content-transfer-encoding" => &mut encoding,
                b"content-length" => &mut size,
                _ => return Err(Unclear::malformed("a part with an unknown head line")),
            };
            if place.replace(value).is_some() {
                return Err(Unclear::ambiguous("a part with a head line twice"));
            }
        }
        // java and node clients announce that nothing is encoded; a real encoding would make a second reading
        let identity = |value: &[u8]| [&b"binary"[..], b"8bit", b"7bit"].iter().any(|known| value.eq_ignore_ascii_case(known));
        if encoding.is_some_and(|value| !identity(value)) {
            return Err(Unclear::malformed("a part with a transfer encoding"));
        }
        if size.is_some_and(|value| std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) != Some(length)) {
            return Err(Unclear::ambiguous("a part whose length is not the one it names"));
        }
        let essence = kind.map(|value| value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii());
        if essence.is_some_and(|value| value.len() >= 10 && value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/")))
        {
            return Err(Unclear::malformed("multipart inside multipart"));
        }
        let (name, filename) = form_data(disposition.ok_or(Unclear::malformed("a part without a name"))?)?;
        Ok(Self { name, filename, is_text: essence.is_none_or(|value| value.eq_ignore_ascii_case(b"text/plain")) })
    }
}

fn split_line(lines: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memmem::find(lines, b"\r\n") {
        Some(at) => (lines.get(..at).unwrap_or_default(), lines.get(at + 2..)),
        None => (lines, None),
    }
}

fn header(line: &[u8]) -> Result<(&[u8], &[u8]), Unclear> {
    let broken = Unclear::malformed("a part with a broken head line");
    let at = memchr::memchr(b':', line).ok_or(broken)?;
    let (name, value) = line.split_at(at);
    let value = value.split_first().map_or(&[][..], |(_, value)| value);
    let token = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if !token || value.iter().any(u8::is_ascii_control) {
        return Err(broken);
    }
    // only spaces are left to trim: a line feed at the end would end the head for PHP
    Ok((name, value.trim_ascii()))
}

/// Reads `form-data; name="…"[; filename="…"]`: both quoted, each once, nothing else (no `name*=`, no bare words).
fn form_data(value: &[u8]) -> Result<(&[u8], Option<&[u8]>), Unclear> {
    let broken = Unclear::ambiguous("a part with a disposition that is not plain form-data");
    let (kind, mut rest) = value.split_at_checked(9).ok_or(broken)?;
    if !kind.eq_ignore_ascii_case(b"form-data") {
        return Err(broken);
    }
    let (mut name, mut filename) = (None, None);
    while !rest.is_empty() {
        let parameter = rest.strip_prefix(b";").ok_or(broken)?.trim_ascii_start();
        let at = memchr::memchr(b'=', parameter).ok_or(broken)?;
        let (word, quoted) = parameter.split_at(at);
        let quoted = quoted.strip_prefix(b"=\"").ok_or(broken)?;
        let end = memchr::memchr(b'"', quoted).ok_or(broken)?;
        let (text, tail) = quoted.split_at(end);
        let place = match word {
            b"name" => &mut name,
            b"filename" => &mut filename,
            _ => return Err(broken),
        };
        if text.contains(&b'\\') || place.replace(text).is_some() {
            return Err(broken);
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    Ok((name.ok_or(broken)?, filename))
}
