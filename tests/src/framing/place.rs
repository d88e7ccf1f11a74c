//! Hosts and targets that two readers place differently, over a body that is the hidden request.

use super::pieces::{Layout, Take};

const HOSTS: [(&str, &str); 45] = [
    ("nothing", ""),
    ("empty", "Host:\r\n"),
    ("blank", "Host: \t\r\n"),
    ("twice", "Host: gate.test\r\nHost: gate.test\r\n"),
    ("twice-differing", "Host: gate.test\r\nHost: evil.test\r\n"),
    ("twice-the-second-empty", "Host: gate.test\r\nHost:\r\n"),
    ("twice-in-small-letters", "Host: gate.test\r\nhost: evil.test\r\n"),
    ("folded", "Host:\r\n gate.test\r\n"),
    ("folded-behind", "Host: gate.test\r\n evil.test\r\n"),
    ("a-space-before-the-colon", "Host : gate.test\r\n"),
    ("a-tab-before-the-colon", "Host\t: gate.test\r\n"),
    ("a-bare-feed", "Host: gate.test\nX: y\r\n"),
    ("a-list", "Host: gate.test, evil.test\r\n"),
    ("a-list-of-spaces", "Host: gate.test evil.test\r\n"),
    ("a-semicolon", "Host: gate.test;evil.test\r\n"),
    ("a-slash", "Host: gate.test/\r\n"),
    ("a-path", "Host: gate.test/in.php\r\n"),
    ("a-backslash", "Host: gate.test\\evil.test\r\n"),
    ("a-query", "Host: gate.test?evil.test\r\n"),
    ("a-fragment", "Host: gate.test#evil.test\r\n"),
    ("cve-2026-49468", "Host: gate.test:4000/#@evil.test\r\n"),
    ("user-information", "Host: evil@gate.test\r\n"),
    ("a-password", "Host: evil:x@gate.test\r\n"),
    ("a-scheme", "Host: http://gate.test\r\n"),
    ("an-escape", "Host: gate%2etest\r\n"),
    ("an-escaped-nul", "Host: gate.test%00\r\n"),
    ("a-nul", "Host: gate.test\0\r\n"),
    ("a-high-letter", "Host: g\u{e4}te.test\r\n"),
    ("full-width", "Host: \u{ff47}ate.test\r\n"),
    ("an-ideographic-full-stop", "Host: gate\u{3002}test\r\n"),
    ("quoted", "Host: \"gate.test\"\r\n"),
    ("an-asterisk", "Host: *\r\n"),
    ("a-zone", "Host: [fe80::1%25eth0]\r\n"),
    ("an-open-bracket", "Host: [::1\r\n"),
    ("letters-behind-a-bracket", "Host: [::1]evil.test\r\n"),
    ("no-address-in-brackets", "Host: [gate.test]\r\n"),
    ("bare-version-six", "Host: ::1\r\n"),
    ("two-ports", "Host: gate.test:80:81\r\n"),
    ("an-empty-port", "Host: gate.test:\r\n"),
    ("a-port-of-letters", "Host: gate.test:http\r\n"),
    ("a-port-too-large", "Host: gate.test:65536\r\n"),
    ("a-port-with-a-sign", "Host: gate.test:+80\r\n"),
    ("a-port-with-a-space", "Host: gate.test: 80\r\n"),
    ("two-dots", "Host: gate..test\r\n"),
    ("a-dot-first", "Host: .gate.test\r\n"),
];

/// `{ours}` is our own path and query.
const TARGETS: [(&str, &str); 47] = [
    ("an-absolute-form", "http://gate.test{ours}"),
    ("an-absolute-form-in-capitals", "HTTP://gate.test{ours}"),
    ("an-absolute-form-over-tls", "https://gate.test{ours}"),
    ("an-absolute-form-elsewhere", "http://evil.test{ours}"),
    ("an-absolute-form-with-a-port", "http://gate.test:80{ours}"),
    ("an-absolute-form-with-a-user", "http://evil@gate.test{ours}"),
    ("an-absolute-form-whose-host-is-a-user", "http://gate.test@evil.test{ours}"),
    ("an-absolute-form-without-a-host", "http://{ours}"),
    ("an-absolute-form-with-one-slash", "http:/gate.test{ours}"),
    ("an-absolute-form-with-a-backslash", "http://gate.test\\@evil.test{ours}"),
    ("an-absolute-form-of-another-scheme", "gopher://gate.test{ours}"),
    ("an-absolute-form-of-a-socket", "ws://gate.test{ours}"),
    ("an-absolute-form-escaped", "http://gate%2etest{ours}"),
    ("an-absolute-form-empty", "http://gate.test"),
    ("a-form-without-a-scheme", "//evil.test{ours}"),
    ("an-authority", "gate.test:443"),
    ("an-asterisk", "*"),
    ("an-asterisk-and-a-path", "*{ours}"),
    ("no-slash", "in.php"),
    ("empty-quotes", "\"\""),
    ("quoted", "\"{ours}\""),
    ("in-angle-brackets", "<{ours}>"),
    ("a-fragment", "{ours}#x"),
    ("a-fragment-first", "/public#{ours}"),
    ("a-backslash-first", "\\{ours}"),
    ("a-backslash-behind", "{ours}\\"),
    ("a-space-inside", "{ours} x"),
    ("a-tab-inside", "{ours}\tx"),
    ("a-return-inside", "{ours}\rx"),
    ("a-feed-inside", "{ours}\nx"),
    ("a-nul-inside", "{ours}\0x"),
    ("a-delete-inside", "{ours}\u{7f}x"),
    ("a-high-letter", "{ours}&x=\u{e9}"),
    ("full-width", "\u{ff0f}in.php"),
    ("a-version-inside", "{ours} HTTP/1.1\r\nX: y"),
    ("a-version-inside-by-a-feed", "{ours} HTTP/1.1\nX: y"),
    ("an-escaped-line-end", "{ours}&x=%0d%0aX:%20y"),
    ("an-escaped-request", "{ours}&x=%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/"),
    ("an-escaped-nul", "{ours}&x=%00"),
    ("an-escaped-path", "/%69n.php?x={ours}"),
    ("an-escaped-slash", "/%2fin.php?x={ours}"),
    ("dots", "/a/..{ours}"),
    ("escaped-dots", "/a/%2e%2e{ours}"),
    ("a-semicolon", "/;a=b{ours}"),
    ("two-slashes", "/{ours}"),
    ("braces-in-the-path", "/{a}{ours}"),
    ("a-bar-in-the-path", "/a|b{ours}"),
];

pub(super) fn cases(take: Take<'_>) {
    for (name, lines) in HOSTS {
        take(format!("sm-05-host-{name}"), Layout::sound().host(lines.as_bytes()));
    }
    take("sm-05-host-missing-with-http-1-0".to_owned(), Layout::sound().host(b"").version(b"HTTP/1.0"));
    take("sm-05-host-behind-the-others".to_owned(), Layout::sound().host(b"X: y\r\nHost: gate.test\r\n"));
    for (name, target) in TARGETS {
        take(format!("sm-05-target-{name}"), Layout::sound().target(target.as_bytes()));
    }
    let long = format!("{{ours}}&x={}", "y".repeat(4 << 10));
    take("sm-05-do-05-target-too-long".to_owned(), Layout::sound().target(long.as_bytes()));
}
