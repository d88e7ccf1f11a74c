//! Chunks: sizes, extensions, ends, last chunks and trailers, with a request as the data.

use super::pieces::{Body, Layout, ODD, Take};

/// The size line; `{}` is the true size.
const SIZES: [(&str, &str); 43] = [
    ("sound", "{}\r\n"),
    ("a-leading-zero", "0{}\r\n"),
    ("eight-digits", "000000{}\r\n"),
    ("nine-digits", "0000000{}\r\n"),
    ("seventeen-digits", "000000000000000{}\r\n"),
    ("a-prefix", "0x{}\r\n"),
    ("a-prefix-in-capitals", "0X{}\r\n"),
    ("a-suffix", "{}h\r\n"),
    ("a-plus", "+{}\r\n"),
    ("a-minus", "-{}\r\n"),
    ("a-space-before", " {}\r\n"),
    ("many-spaces-behind", "{}        \r\n"),
    ("an-underscore", "0_{}\r\n"),
    ("a-point", "{}.0\r\n"),
    ("a-comma", "{},0\r\n"),
    ("quoted", "\"{}\"\r\n"),
    ("a-letter-beyond-f", "g{}\r\n"),
    ("no-size", "\r\n"),
    ("an-empty-line-first", "\r\n{}\r\n"),
    ("a-bare-feed", "{}\n"),
    ("a-bare-return", "{}\r"),
    ("feed-and-return", "{}\n\r"),
    ("beyond-32-bits", "1000000{}\r\n"),
    ("beyond-64-bits", "10000000000000{}\r\n"),
    ("an-extension", "{};a=b\r\n"),
    ("an-extension-without-a-value", "{};a\r\n"),
    ("an-extension-behind-a-blank", "{} ;a=b\r\n"),
    ("an-extension-quoted", "{};a=\"b\"\r\n"),
    ("an-extension-with-a-quoted-end", "{};a=\"\r\n\"\r\n"),
    ("an-extension-with-a-bare-feed", "{};a\nb\r\n"),
    ("an-extension-with-a-bare-return", "{};a\rb\r\n"),
    ("an-extension-ended-by-a-feed", "{};a=b\n"),
    ("an-extension-ended-by-a-return", "{};a=b\r"),
    ("an-extension-with-an-end-of-chunks", "{};\n0\n\n\r\n"),
    ("an-extension-with-a-request", "{};\r\n0\r\n\r\nGET / HTTP/1.1\r\n"),
    ("an-extension-with-a-nul", "{};a\0b\r\n"),
    ("an-extension-that-is-high", "{};\u{e9}\r\n"),
    ("two-extensions", "{};a=b;c=d\r\n"),
    ("an-extension-behind-a-comma", "{},a=b\r\n"),
    ("an-extension-behind-a-colon", "{}:a=b\r\n"),
    ("an-extension-behind-a-mark", "{}?a=b\r\n"),
    ("a-full-width-digit", "\u{ff10}{}\r\n"),
    ("a-byte-order-mark", "\u{feff}{}\r\n"),
];

/// What stands behind the data.
const AFTER: [(&str, &str); 14] = [
    ("nothing", ""),
    ("a-bare-feed", "\n"),
    ("a-bare-return", "\r"),
    ("two-returns", "\r\r\n"),
    ("two-feeds", "\n\n"),
    ("feed-and-return", "\n\r"),
    ("an-empty-line-too", "\r\n\r\n"),
    ("a-byte-more", "x\r\n"),
    ("two-bytes-more", "xx"),
    ("a-space", " \r\n"),
    ("a-tab", "\t\r\n"),
    ("a-nul", "\0\r\n"),
    ("a-vertical-tab", "\u{b}\r\n"),
    ("a-zero", "0\r\n"),
];

/// From the last chunk on.
const LAST: [(&str, &str); 36] = [
    ("two-zeros", "00\r\n\r\n"),
    ("eight-zeros", "00000000\r\n\r\n"),
    ("nine-zeros", "000000000\r\n\r\n"),
    ("a-minus", "-0\r\n\r\n"),
    ("a-plus", "+0\r\n\r\n"),
    ("a-prefix", "0x0\r\n\r\n"),
    ("a-space-behind", "0 \r\n\r\n"),
    ("a-space-before", " 0\r\n\r\n"),
    ("a-tab-behind", "0\t\r\n\r\n"),
    ("an-extension", "0;a=b\r\n\r\n"),
    ("an-empty-extension", "0;\r\n\r\n"),
    ("a-bare-feed", "0\n\r\n"),
    ("bare-feeds", "0\n\n"),
    ("a-bare-feed-at-the-end", "0\r\n\n"),
    ("a-bare-return-at-the-end", "0\r\n\r"),
    ("a-return-and-a-byte-at-the-end", "0\r\n\rx"),
    ("bare-returns", "0\r\r"),
    ("two-returns", "0\r\r\n\r\n"),
    ("no-size", "\r\n\r\n"),
    ("no-empty-line", "0\r\n"),
    ("no-last-chunk", ""),
    ("an-empty-line-more", "0\r\n\r\n\r\n"),
    ("a-second-last-chunk", "0\r\n\r\n0\r\n\r\n"),
    ("a-byte-before-the-end", "0\r\nx\r\n\r\n"),
    ("a-trailer", "0\r\nX: y\r\n\r\n"),
    ("an-empty-trailer", "0\r\n:\r\n\r\n"),
    ("a-trailer-that-frames", "0\r\nContent-Length: 5\r\n\r\n"),
    ("a-trailer-that-codes", "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("a-trailer-that-is-a-host", "0\r\nHost: evil.test\r\n\r\n"),
    ("a-trailer-that-is-a-key", "0\r\nAuthorization: Bearer x\r\n\r\n"),
    ("a-trailer-with-a-bare-feed", "0\r\nX: y\n\r\n"),
    ("a-trailer-that-folds", "0\r\nX: y\r\n z\r\n\r\n"),
    ("a-trailer-without-a-colon", "0\r\nGET / HTTP/1.1\r\n\r\n"),
    ("a-letter-o", "O\r\n\r\n"),
    ("a-nul", "0\0\r\n\r\n"),
    ("an-arabic-zero", "\u{660}\r\n\r\n"),
];

pub(super) fn cases(take: Take<'_>) {
    let mut one = |name: String, size: &[u8], after: &str, last: &str| {
        let body = Body::Chunk { size: size.to_vec(), after: after.into(), last: last.into() };
        take(format!("sm-08-chunk-{name}"), Layout::post("Transfer-Encoding: chunked\r\n", body));
    };
    for (name, size) in SIZES {
        one(format!("size-{name}"), size.as_bytes(), "\r\n", "0\r\n\r\n");
    }
    for (name, odd) in ODD {
        one(format!("size-{name}-behind"), &[b"{}".as_slice(), &[odd], b"\r\n"].concat(), "\r\n", "0\r\n\r\n");
    }
    for (name, after) in AFTER {
        one(format!("behind-{name}"), b"{}\r\n", after, "0\r\n\r\n");
    }
    for (name, last) in LAST {
        one(format!("last-{name}"), b"{}\r\n", "\r\n", last);
    }
    let long = format!("{{}};{}\r\n", "a".repeat(64 << 10));
    one("size-an-extension-of-64-kib".to_owned(), long.as_bytes(), "\r\n", "0\r\n\r\n");
    one("size-too-small".to_owned(), b"1\r\n", "\r\n", "0\r\n\r\n");
    one("size-zero".to_owned(), b"0\r\n", "\r\n", "0\r\n\r\n");
    one("size-too-large".to_owned(), b"fff\r\n", "\r\n", "0\r\n\r\n");
    one("two-chunks".to_owned(), b"1\r\nx\r\n{}\r\n", "\r\n", "0\r\n\r\n");
}
