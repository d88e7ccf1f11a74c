//! Where would the provider post an answer? A URL of the caller's, judged by its host alone.

use crate::value::Value;

/// The `pingback` of a v1 submission, the `callbackUrl` of a v2 task.
#[derive(Clone, Debug)]
pub struct Callback<'a> {
    pub(crate) url: Value<'a>,
    host: Option<Box<str>>,
}

impl<'a> Callback<'a> {
    pub(crate) fn new(url: Value<'a>) -> Self {
        let host = host(&url.clone().into_bytes()).map(Box::from);
        Self { url, host }
    }

    /// The URL, as it goes on.
    pub const fn url(&self) -> &Value<'a> {
        &self.url
    }

    /// The host, if it is a plain `http` or `https` URL of printable ASCII whose authority is a host and at most a port.
    /// Nothing for userinfo, an address in brackets, another scheme, control characters: no list can allow those.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

fn host(url: &[u8]) -> Option<&str> {
    const LONGEST: usize = 2048;
    if url.len() > LONGEST || !url.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\') {
        return None;
    }
    let text = std::str::from_utf8(url).ok()?;
    let (scheme, rest) = text.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let good_port = port.is_none_or(|port| !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()));
    let good_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    (good_port && good_host).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eg_07_only_a_plain_url_has_a_host() {
        for (url, wanted) in [
            ("https://hooks.example.com/a?b#c", Some("hooks.example.com")),
            ("HTTP://Hooks.example.com:8080", Some("Hooks.example.com")),
            ("http://127.0.0.1/", Some("127.0.0.1")),
            ("https://a@hooks.example.com/", None),
            ("https://evil.example\\@hooks.example.com/", None),
            ("https://hooks.example.com\r\nX: y", None),
            ("https://[::1]/", None),
            ("https:///path", None),
            ("https://a:b/", None),
            ("javascript:alert(1)", None),
            ("//hooks.example.com/", None),
            ("hooks.example.com", None),
            ("null", None),
        ] {
            assert_eq!(Callback::new(Value::plain(url.as_bytes())).host(), wanted, "{url}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(10_000));
        assert_eq!(Callback::new(Value::plain(long.as_bytes())).host(), None);
    }
}
