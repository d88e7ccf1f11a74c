//! How does the key that was presented come back in an answer, and in which disguise?

use std::fmt::Write;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::{Call, task};
use crate::answer::{Answer, Code, Said, Solution};
use crate::mode::{Family, Mode, ReflectAs, ReflectIn};

/// Stands for the disguised key until the answer is rendered: a disguise of backslashes must not be escaped again.
const MARK: &str = "@@key@@";

/// The answer with the key in it: a solved task's answer carries it, everything else is said as an error that quotes it.
pub(super) fn answer(mode: &Mode, call: &Call, said: &Result<Said, Code>) -> Answer {
    let key = disguise(call.key(), mode.reflect_as);
    let header = match mode.reflect_in {
        ReflectIn::Body => return in_body(call, mode.family, said, &key),
        ReflectIn::Header => ("x-account", key),
        ReflectIn::SetCookie => ("set-cookie", format!("account={key}; Path=/")),
        ReflectIn::Location => ("location", format!("/account/{key}")),
        ReflectIn::Refresh => ("refresh", format!("0; url=/account/{key}")),
        ReflectIn::Link => ("link", format!("</account/{key}>; rel=preload")),
    };
    let mut answer = call.speech(mode.family).say(said);
    answer.headers.push(header);
    answer
}

fn in_body(call: &Call, family: Family, said: &Result<Said, Code>, key: &str) -> Answer {
    let marked = match said {
        Ok(Said::Solved { price, .. }) => Said::Solved { solution: Solution::new(format!("SANDBOX-{MARK}")), price: *price },
        Ok(Said::Object(members)) => Said::Object(task::marked(members, &format!("SANDBOX-{MARK}"))),
        _ => Said::Bare(format!("ERROR_BAD_PARAMETERS: key={MARK}")),
    };
    let mut answer = call.speech(family).say(&Ok(marked));
    answer.body = String::from_utf8_lossy(&answer.body).replace(MARK, key).into_bytes();
    answer
}

fn disguise(key: &str, reflect_as: ReflectAs) -> String {
    match reflect_as {
        ReflectAs::Raw => key.to_owned(),
        ReflectAs::Upper => key.to_uppercase(),
        ReflectAs::Percent => each_byte(key, "%"),
        ReflectAs::Json => each_byte(key, "\\u00"),
        ReflectAs::Hex => each_byte(key, ""),
        ReflectAs::Base64 => BASE64_STANDARD.encode(key),
        ReflectAs::Base64After1 => BASE64_STANDARD.encode(format!("-{key}-")),
        ReflectAs::Base64After2 => BASE64_STANDARD.encode(format!("--{key}--")),
    }
}

fn each_byte(key: &str, prefix: &str) -> String {
    key.bytes().fold(String::new(), |mut out, byte| {
        // writing to a string does not fail
        let _ = write!(out, "{prefix}{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_says_the_same_key() {
        let said = |reflect_as| disguise("a1", reflect_as);
        assert_eq!(said(ReflectAs::Raw), "a1");
        assert_eq!(said(ReflectAs::Upper), "A1");
        assert_eq!(said(ReflectAs::Percent), "%61%31");
        assert_eq!(said(ReflectAs::Json), "\\u0061\\u0031");
        assert_eq!(said(ReflectAs::Hex), "6131");
        assert_eq!(said(ReflectAs::Base64), "YTE=");
        assert_eq!(said(ReflectAs::Base64After1), "LWExLQ==");
        assert_eq!(said(ReflectAs::Base64After2), "LS1hMS0t");
    }
}
