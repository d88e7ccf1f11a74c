//! What is to be bought? The object of a `createTask`: its type is ours to know, the rest passes by value.

use crate::json::{self, Kind, Names, Raw, write_string, write_value};
use crate::misread::Unclear;
use crate::value::Value;

/// A task: its `type`, and its other members as JSON values, each name once.
#[derive(Clone, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) kind: &'a str,
    members: Vec<(&'a str, Raw<'a>)>,
    /// What stands beside it in the call: language, program.
    beside: Beside<'a>,
}

/// Members of the call beside the task that pass by value, each name once.
pub(super) type Beside<'a> = Vec<(&'static str, Raw<'a>)>;

/// More than any documented task has; names are compared with each other.
const MOST: usize = 100;
const LONGEST_NAME: usize = 64;
/// Of the type: the longest that is documented has 34 (`ReCaptchaV3EnterpriseTaskProxyLess`).
const LONGEST_KIND: usize = 64;

/// Names that would be a credential or a place to be called, had the provider a lenient reader; without case and `_`.
const CREDENTIALS: [&str; 3] = ["clientkey", "apikey", "key"];
const CALLBACKS: [&str; 4] = ["callbackurl", "pingback", "postback", "webhook"];

impl<'a> Task<'a> {
    /// Reads the object, whose text has been checked to its depth. A refused name that says `null` is as if it were not there.
    pub(super) fn read(raw: Raw<'a>, beside: Beside<'a>) -> Result<Self, Unclear> {
        if raw.kind != Kind::Object {
            return Err(Unclear::malformed("a `task` that is no object"));
        }
        let (mut kind, mut members, mut outcome) = (None, Vec::new(), Ok(()));
        json::members(raw.text, Names::Plain, |name, raw| match name {
            _ if outcome.is_err() => {}
            b"type" => kind = Some(raw),
            name => match member(name, &members) {
                Ok(name) => members.push((name, raw)),
                Err(_) if raw.kind == Kind::Null => {}
                Err(unclear) => outcome = Err(unclear),
            },
        })?;
        outcome?;
        let kind = kind.ok_or(Unclear::malformed("a task without `type`"))?;
        no_key(raw)?;
        Ok(Self { kind: kind_name(kind)?, members, beside })
    }

    /// The most bytes that it takes.
    pub(super) fn bound(&self) -> usize {
        let each = self.members.iter().map(|(name, raw)| (name.len(), raw)).chain(self.beside.iter().map(|(name, raw)| (name.len(), raw)));
        each.map(|(name, raw)| name + value_bound(raw.text) + 4).sum::<usize>() + self.kind.len() + 64
    }

    /// Appends what stands beside it, each with a comma in front.
    pub(super) fn write_beside(&self, out: &mut Vec<u8>) {
        for (name, raw) in &self.beside {
            out.push(b',');
            write_string(name, out);
            out.push(b':');
            write_value(*raw, out);
        }
    }

    /// Appends the object: its type first, then the members in the order sent, each value written anew.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":");
        write_string(self.kind, out);
        for (name, raw) in &self.members {
            out.push(b',');
            write_string(name, out);
            out.push(b':');
            write_value(*raw, out);
        }
        out.push(b'}');
    }
}

/// What grows: `\b` and `\f` have two bytes there and six here, DEL has one there. An image holds none of them.
fn value_bound(text: &[u8]) -> usize {
    text.len() + memchr::memchr_iter(b'\\', text).count() * 4 + memchr::memchr_iter(0x7f, text).count() * 5
}

/// Neither what is meant nor what is written holds a key of ours: `\tgk_…` means a tab, and is written with those letters.
pub(super) fn no_key(raw: Raw<'_>) -> Result<(), Unclear> {
    if Value::plain(raw.text).is_virtual_key() || Value::decoded(raw.undone()).is_virtual_key() {
        return Err(Unclear::ambiguous("a key of ours where no key belongs"));
    }
    Ok(())
}

fn kind_name(raw: Raw<'_>) -> Result<&str, Unclear> {
    let bad = Unclear::malformed("a `type` that is not a plain word");
    let text = raw.plain().and_then(|text| std::str::from_utf8(text).ok()).ok_or(bad)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && (1..=LONGEST_KIND).contains(&text.len()) { Ok(text) } else { Err(bad) }
}

fn member<'a>(name: &'a [u8], members: &[(&'a str, Raw<'a>)]) -> Result<&'a str, Unclear> {
    let name = plain_name(name)?;
    if members.len() == MOST {
        return Err(Unclear::malformed("a task with more than 100 members"));
    }
    let folded = fold(name);
    if folded == "type" || members.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
        return Err(Unclear::ambiguous("two members of a task that differ by case only"));
    }
    if CREDENTIALS.contains(&&*folded) {
        return Err(Unclear::ambiguous("a credential inside a task"));
    }
    if CALLBACKS.contains(&&*folded) {
        return Err(Unclear::denied("a callback inside a task, where it is not judged"));
    }
    Ok(name)
}

/// `[A-Za-z0-9_.-]{1,64}`: every documented name is.
pub(super) fn plain_name(name: &[u8]) -> Result<&str, Unclear> {
    let bad = Unclear::ambiguous("a member's name that is not plain");
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let text = std::str::from_utf8(name).map_err(|_| bad)?;
    if plain && (1..=LONGEST_NAME).contains(&name.len()) { Ok(text) } else { Err(bad) }
}

/// Without case and `_`, as a lenient reader might take it.
pub(super) fn fold(name: &str) -> String {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}
