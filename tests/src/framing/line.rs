//! The request line: methods, versions, blanks and line ends, over a body that is the hidden request.

use super::pieces::{Layout, ODD, Take};

const METHODS: [(&str, &str); 22] = [
    ("small-letters", "post"),
    ("mixed-letters", "Post"),
    ("put", "PUT"),
    ("delete", "DELETE"),
    ("patch", "PATCH"),
    ("trace", "TRACE"),
    ("connect", "CONNECT"),
    ("the-preface-of-http-2", "PRI"),
    ("of-webdav", "PROPFIND"),
    ("a-purge", "PURGE"),
    ("ni-10-a-proxy-line", "PROXY"),
    ("nothing", ""),
    ("a-letter-behind", "POSTX"),
    ("a-letter-less", "POS"),
    ("a-point", "POST."),
    ("a-colon", "POST:"),
    ("a-slash", "POST/"),
    ("quoted", "\"POST\""),
    ("of-twenty-letters", "ABCDEFGHIJKLMNOPQRST"),
    ("of-sixty-letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH"),
    ("two-words", "POST POST"),
    ("full-width", "\u{ff30}OST"),
];

const VERSIONS: [(&str, &str); 27] = [
    ("nothing", ""),
    ("0-9", "HTTP/0.9"),
    ("1-2", "HTTP/1.2"),
    ("1-10", "HTTP/1.10"),
    ("1-1-1", "HTTP/1.1.1"),
    ("01-1", "HTTP/01.1"),
    ("1-01", "HTTP/1.01"),
    ("1", "HTTP/1"),
    ("1-point", "HTTP/1."),
    ("2-0", "HTTP/2.0"),
    ("2", "HTTP/2"),
    ("3", "HTTP/3"),
    ("9-9", "HTTP/9.9"),
    ("a-comma", "HTTP/1,1"),
    ("a-minus", "HTTP/-1.1"),
    ("a-plus", "HTTP/+1.1"),
    ("a-letter-behind", "HTTP/1.1x"),
    ("a-space-behind", "HTTP/1.1 "),
    ("a-tab-behind", "HTTP/1.1\t"),
    ("a-word-behind", "HTTP/1.1 x"),
    ("a-space-inside", "HTTP/ 1.1"),
    ("a-backslash", "HTTP\\1.1"),
    ("no-slash", "HTTP1.1"),
    ("small-letters", "http/1.1"),
    ("another-protocol", "ICY/1.1"),
    ("of-the-s", "HTTPS/1.1"),
    ("twice", "HTTP/1.1 HTTP/1.1"),
];

const LINE_ENDS: [(&str, &str); 9] = [
    ("a-bare-feed", "\n"),
    ("a-bare-return", "\r"),
    ("two-returns", "\r\r\n"),
    ("feed-and-return", "\n\r"),
    ("an-empty-line-too", "\r\n\r\n"),
    ("a-space-on-the-next-line", "\r\n "),
    ("a-nul-before", "\0\r\n"),
    ("a-vertical-tab", "\u{b}\r\n"),
    ("a-separator-of-lines", "\u{2028}"),
];

pub(super) fn cases(take: Take<'_>) {
    for (name, method) in METHODS {
        take(format!("sm-07-method-{name}"), Layout::sound().method(method));
    }
    for (name, version) in VERSIONS {
        take(format!("sm-07-version-{name}"), Layout::sound().version(version.as_bytes()));
    }
    for (name, line_end) in LINE_ENDS {
        take(format!("sm-07-line-end-{name}"), Layout::sound().line_end(line_end));
    }
    for (name, odd) in ODD {
        take(format!("sm-07-{name}-before-the-target"), Layout::sound().target(&[&[odd], b"{ours}".as_slice()].concat()));
        take(format!("sm-07-{name}-before-the-version"), Layout::sound().version(&[&[odd], b"HTTP/1.1".as_slice()].concat()));
        take(format!("sm-07-{name}-first"), Layout::sound().first(&[odd]));
    }
    for (name, bytes) in [
        ("an-empty-line", "\r\n"),
        ("two-empty-lines", "\r\n\r\n"),
        ("bare-feeds", "\n\n"),
        ("a-byte-order-mark", "\u{feff}"),
        ("a-header-line", "X: y\r\n"),
        ("a-line-of-spaces", "    \r\n"),
        ("a-status-line", "HTTP/1.1 200 OK\r\n"),
        ("the-end-of-chunks", "0\r\n\r\n"),
        ("ni-10-a-proxy-line", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"),
        ("ni-10-a-binary-proxy-header", "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0"),
    ] {
        take(format!("sm-07-{name}-before-the-request"), Layout::sound().first(bytes.as_bytes()));
    }
}
