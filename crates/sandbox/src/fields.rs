//! What would a PHP program read from this request?
//!
//! Compared with PHP 8.2, but for two things that the providers do and plain PHP does not: a POST without a content type is a form
//! (puppeteer-extra-plugin-recaptcha sends none), and a JSON body is read.
//!
//! `$_REQUEST` with `request_order = "GP"`: the last of a name wins, the body beats the query, names are mangled. An array counts as its last
//! member, as `key[]=a` does in a program that is not careful.

mod multipart;

use std::collections::HashMap;

use serde_json::Value;

/// The parameters of a request as the provider understands them.
#[derive(Default)]
pub(crate) struct Fields {
    texts: HashMap<String, String>,
    files: HashMap<String, Vec<u8>>,
}

impl Fields {
    /// Reads the query and, of a POST, the body by its content type; none means urlencoded.
    pub(crate) fn read(query: &str, post: bool, content_type: &str, body: &[u8]) -> Self {
        let mut fields = Self::default();
        fields.add_urlencoded(query.as_bytes());
        if !post {
            return fields;
        }
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => fields.add_json(body),
            "multipart/form-data" => fields.add_multipart(content_type, body),
            "" | "application/x-www-form-urlencoded" => fields.add_urlencoded(body),
            _ => {}
        }
        fields
    }

    /// A parameter's value, bytes that are not UTF-8 replaced.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// A parameter that is there and not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|value| !value.is_empty())
    }

    /// An uploaded file.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    fn add(&mut self, name: &[u8], value: &[u8]) {
        if let Some(name) = php_name(name) {
            self.texts.insert(name, String::from_utf8_lossy(value).into_owned());
        }
    }

    fn add_urlencoded(&mut self, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(decode);
            let name = halves.next().unwrap_or_default();
            self.add(&name, &halves.next().unwrap_or_default());
        }
    }

    fn add_json(&mut self, body: &[u8]) {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return };
        for (name, value) in members {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                // PHP's (string)true and (string)false
                Value::Bool(yes) => if yes { "1" } else { "" }.to_owned(),
                other => other.to_string(),
            };
            self.texts.insert(name, text);
        }
    }

    fn add_multipart(&mut self, content_type: &str, body: &[u8]) {
        for part in multipart::parts(content_type, body) {
            if part.file {
                php_name(&part.name).map(|name| self.files.insert(name, part.data));
            } else {
                self.add(&part.name, &part.data);
            }
        }
    }
}

/// `urldecode`: a plus is a space, a percent sign without two digits stands for itself.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail.split_at_checked(2).filter(|_| *first == b'%').and_then(|(digits, tail)| Some((hex(digits)?, tail)));
        let (byte, tail) = match (escaped, first) {
            (Some((byte, tail)), _) => (byte, tail),
            (None, b'+') => (b' ', tail),
            (None, _) => (*first, tail),
        };
        out.push(byte);
        rest = tail;
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

/// `php_register_variable_ex`: cut at a NUL, leading spaces gone, `.` and space become `_`, what follows `[` is an index.
fn php_name(raw: &[u8]) -> Option<String> {
    let name = raw.split(|byte| *byte == 0).next().unwrap_or_default();
    let spaces = name.iter().take_while(|byte| **byte == b' ').count();
    let name = String::from_utf8_lossy(name.get(spaces..)?).into_owned();
    let (base, index) = name.split_once('[').map_or((name.as_str(), None), |(base, index)| (base, Some(index)));
    let base = base.replace([' ', '.'], "_");
    if base.is_empty() {
        return None;
    }
    Some(match index {
        Some(index) if !index.contains(']') => format!("{base}_{index}"),
        _ => base,
    })
}

#[cfg(test)]
mod tests;
