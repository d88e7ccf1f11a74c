//! Header lines that are none, or that another reader ends elsewhere, over a body that is the hidden request.

use super::pieces::{Layout, Take};

const LINES: [(&str, &str); 40] = [
    ("a-bare-feed", "X: y\n"),
    ("a-bare-return", "X: y\r"),
    ("two-returns", "X: y\r\r\n"),
    ("feed-and-return", "X: y\n\r"),
    ("a-feed-inside", "X: y\nZ: z\r\n"),
    ("a-return-inside", "X: y\rZ: z\r\n"),
    ("an-end-of-the-head-by-feeds", "X: y\n\n"),
    ("an-end-of-the-head-by-returns", "X: y\r\r"),
    ("an-end-of-the-head-by-a-feed", "X: y\r\n\n"),
    ("an-end-of-the-head-behind-a-space", "X: y\r\n \r\n"),
    ("folded", "X: y\r\n z\r\n"),
    ("folded-by-a-tab", "X: y\r\n\tz\r\n"),
    ("folded-twice", "X: y\r\n z\r\n z\r\n"),
    ("folded-with-a-request", "X: y\r\n GET / HTTP/1.1\r\n"),
    ("a-space-first", " X: y\r\n"),
    ("a-tab-first", "\tX: y\r\n"),
    ("a-space-before-the-colon", "X : y\r\n"),
    ("a-tab-before-the-colon", "X\t: y\r\n"),
    ("a-return-before-the-colon", "X\r: y\r\n"),
    ("a-feed-before-the-colon", "X\n: y\r\n"),
    ("a-nul-before-the-colon", "X\0: y\r\n"),
    ("no-name", ": y\r\n"),
    ("no-name-and-a-space", " : y\r\n"),
    ("only-a-colon", ":\r\n"),
    ("two-colons", "X:: y\r\n"),
    ("no-colon", "X\r\n"),
    ("no-colon-and-a-value", "X y\r\n"),
    ("an-equals-sign", "X=y\r\n"),
    ("a-request-line", "GET / HTTP/1.1\r\n"),
    ("a-status-line", "HTTP/1.1 200 OK\r\n"),
    ("a-high-letter-in-a-name", "X\u{e9}: y\r\n"),
    ("a-soft-hyphen-in-a-name", "X\u{ad}Y: y\r\n"),
    ("a-high-letter-in-a-value", "X: caf\u{e9}\r\n"),
    ("nothing-behind-the-colon", "X:\r\n"),
    ("blanks-behind-the-colon", "X: \t \r\n"),
    ("no-blank-behind-the-colon", "X:y\r\n"),
    ("a-tab-in-a-value", "X: a\tb\r\n"),
    ("a-separator-of-lines-in-a-value", "X: a\u{2028}Z: z\r\n"),
    ("a-next-line-in-a-value", "X: a\u{85}Z: z\r\n"),
    ("of-a-dot", ".: y\r\n"),
];

/// Not among a token's characters (RFC 9110 §5.6.2); `:` ends a name.
const DELIMITERS: &str = "(),/;<=>?@[\\]{}\"";

pub(super) fn cases(take: Take<'_>) {
    for (name, lines) in LINES {
        take(format!("sm-07-header-{name}"), Layout::sound().with(lines.as_bytes()));
    }
    for control in (0..0x20_u8).chain([0x7f]).filter(|control| *control != b'\t') {
        take(
            format!("sm-07-header-control-{control:02x}-in-a-value"),
            Layout::sound().with(&[b"X: a".as_slice(), &[control], b"b\r\n"].concat()),
        );
    }
    for control in [0, 1, 0x08, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f, 0x80, 0xa0, 0xff] {
        take(
            format!("sm-07-header-byte-{control:02x}-in-a-name"),
            Layout::sound().with(&[b"X".as_slice(), &[control], b"Y: z\r\n"].concat()),
        );
    }
    for (place, delimiter) in DELIMITERS.bytes().enumerate() {
        take(
            format!("sm-07-header-delimiter-{place}-in-a-name"),
            Layout::sound().with(&[b"X".as_slice(), &[delimiter], b"Y: z\r\n"].concat()),
        );
    }
    let many = |count: usize| "X: y\r\n".repeat(count);
    take("sm-07-do-05-header-as-many-as-there-may-be".to_owned(), Layout::sound().with(many(62).as_bytes()));
    take("sm-07-do-05-header-one-too-many".to_owned(), Layout::sound().with(many(63).as_bytes()));
    take("sm-07-do-05-header-of-16-kib".to_owned(), Layout::sound().with(format!("X: {}\r\n", "y".repeat(16 << 10)).as_bytes()));
}
