//! Content-Length in every spelling that some reader overlooks, and another does not.

use super::pieces::{ALL, BEFORE, Body, Layout, ODD, Take};

/// Values; `{all}` is the true length.
const VALUES: [(&str, &str); 41] = [
    ("a-plus", "+{all}"),
    ("a-minus", "-{all}"),
    ("a-minus-and-zero", "-0"),
    ("a-leading-zero", "0{all}"),
    ("many-leading-zeros", "00000000000000000000{all}"),
    ("a-point", "{all}.0"),
    ("an-exponent", "{all}e0"),
    ("hexadecimal", "0x{all}"),
    ("octal", "0o{all}"),
    ("binary", "0b1"),
    ("a-letter-behind", "{all}L"),
    ("a-letter-before", "a{all}"),
    ("an-underscore", "1_{all}"),
    ("an-apostrophe", "1'{all}"),
    ("a-list", "{all},{all}"),
    ("a-list-with-a-blank", "{all}, {all}"),
    ("a-list-that-differs", "{all}, 0"),
    ("a-list-that-differs-first", "0, {all}"),
    ("a-leading-comma", ",{all}"),
    ("a-parameter", "{all};a=b"),
    ("two-numbers", "{all} {all}"),
    ("two-numbers-that-differ", "0 {all}"),
    ("quoted", "\"{all}\""),
    ("quoted-singly", "'{all}'"),
    ("in-parentheses", "({all})"),
    ("a-comment", "{all} (bytes)"),
    ("nothing", ""),
    ("blanks", " \t "),
    ("not-a-number", "NaN"),
    ("infinite", "Infinity"),
    ("a-word", "chunked"),
    ("beyond-32-bits", "4294967296"),
    ("beyond-53-bits", "9007199254740993"),
    ("beyond-63-bits", "9223372036854775808"),
    ("beyond-64-bits", "18446744073709551616"),
    ("around-64-bits", "18446744073709551617"),
    ("nineteen-digits", "1000000000000000000"),
    ("arabic-digits", "\u{665}\u{665}"),
    ("full-width-digits", "\u{ff15}\u{ff15}"),
    ("superscript", "5\u{b2}"),
    ("a-percent-sign", "%35"),
];

const NAMES: [(&str, &str); 15] = [
    ("an-underscore", "Content_Length"),
    ("a-blank", "Content Length"),
    ("a-point", "Content.Length"),
    ("no-hyphen", "ContentLength"),
    ("two-hyphens", "Content--Length"),
    ("an-en-dash", "Content\u{2013}Length"),
    ("spelt-wrong", "Content-Lenght"),
    ("cut-short", "Content-Lengt"),
    ("a-letter-behind", "Content-Lengths"),
    ("a-prefix", "X-Content-Length"),
    ("length", "Length"),
    ("an-escape", "Content%2DLength"),
    ("quoted", "\"Content-Length\""),
    ("in-brackets", "[Content-Length]"),
    ("of-an-upload", "Upload-Length"),
];

const SEAMS: [(&str, &str, &str); 5] = [
    ("before-the-name", "", "Content-Length: {all}"),
    ("in-the-name", "Content", "-Length: {all}"),
    ("before-the-colon", "Content-Length", ": {all}"),
    ("behind-the-colon", "Content-Length:", "{all}"),
    ("behind-the-value", "Content-Length: {all}", ""),
];

const LINES: [(&str, &str); 14] = [
    ("alike-twice", "Content-Length: {all}\r\nContent-Length: {all}\r\n"),
    ("zero-last", "Content-Length: {all}\r\nContent-Length: 0\r\n"),
    ("zero-first", "Content-Length: 0\r\nContent-Length: {all}\r\n"),
    ("nothing-last", "Content-Length: {all}\r\nContent-Length:\r\n"),
    ("in-small-letters-too", "Content-Length: {all}\r\ncontent-length: {all}\r\n"),
    ("of-another-spelling-too", "Content-Length: {all}\r\nContent-Length: 0{all}\r\n"),
    ("three-times", "Content-Length: {all}\r\nContent-Length: {all}\r\nContent-Length: {all}\r\n"),
    ("a-bare-feed-behind", "Content-Length: {all}\n"),
    ("a-bare-return-behind", "Content-Length: {all}\r"),
    ("on-a-folded-line", "X: y\r\n Content-Length: {all}\r\n"),
    ("its-value-folded", "Content-Length:\r\n {all}\r\n"),
    ("its-value-folded-in-the-middle", "Content-Length: 1\r\n {all}\r\n"),
    ("small-letters", "content-length: {all}\r\n"),
    ("capitals", "CONTENT-LENGTH: {all}\r\n"),
];

pub(super) fn cases(take: Take<'_>) {
    let mut one = |name: String, lines: Vec<u8>| take(format!("sm-01-length-{name}"), Layout::post(lines, Body::Hidden));
    for (name, value) in VALUES {
        one(format!("value-{name}"), format!("Content-Length: {value}\r\n").into_bytes());
    }
    for (name, spelling) in NAMES {
        one(format!("name-{name}"), format!("{spelling}: {ALL}\r\n").into_bytes());
    }
    for (seam, before, after) in SEAMS {
        for (byte, odd) in ODD {
            one(format!("{byte}-{seam}"), [before.as_bytes(), &[odd], after.as_bytes(), b"\r\n"].concat());
        }
    }
    for (name, lines) in LINES {
        one(format!("line-{name}"), lines.as_bytes().to_vec());
    }
    beside_chunks(take);
    without_need(take);
}

/// Both, sound by themselves: never one of them alone.
fn beside_chunks(take: Take<'_>) {
    for (name, length) in [("all", ALL), ("a-part", BEFORE), ("zero", "0"), ("too-much", "9999")] {
        let (length, chunked) = (format!("Content-Length: {length}\r\n"), "Transfer-Encoding: chunked\r\n");
        take(format!("sm-01-both-length-{name}-first"), Layout::post(format!("{length}{chunked}"), Body::InChunk));
        take(format!("sm-01-both-chunked-first-length-{name}"), Layout::post(format!("{chunked}{length}"), Body::BehindChunks));
    }
}

/// A body that is not announced, or with a method or a version that has none.
fn without_need(take: Take<'_>) {
    take("sm-01-no-length-at-all".to_owned(), Layout::post("", Body::Hidden));
    take("sm-01-a-length-of-zero".to_owned(), Layout::post("Content-Length: 0\r\n", Body::Hidden));
    take("sm-01-a-length-that-is-short".to_owned(), Layout::post("Content-Length: 1\r\n", Body::Hidden));
    take("sm-01-a-length-that-is-long".to_owned(), Layout::post("Content-Length: 9999\r\n", Body::Hidden));
    for method in ["GET", "HEAD", "OPTIONS"] {
        let name = |what: &str| format!("sm-01-{}-with-{what}", method.to_ascii_lowercase());
        take(name("a-length"), Layout::sound().method(method));
        take(name("chunks"), Layout::post("Transfer-Encoding: chunked\r\n", Body::InChunk).method(method));
        take(name("a-body-unannounced"), Layout::post("", Body::Hidden).method(method));
    }
    let old = |layout: Layout| layout.version(b"HTTP/1.0");
    take("sm-01-http-1-0-with-a-length".to_owned(), old(Layout::sound()));
    take("sm-01-http-1-0-with-a-length-kept".to_owned(), old(Layout::sound()).with(b"Connection: keep-alive\r\n"));
    take("sm-01-http-1-0-with-chunks".to_owned(), old(Layout::post("Transfer-Encoding: chunked\r\n", Body::BehindChunks)));
    take(
        "sm-01-http-1-0-with-chunks-kept".to_owned(),
        old(Layout::post("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", Body::BehindChunks)),
    );
}
