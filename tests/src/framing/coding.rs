//! Transfer-Encoding in every spelling that some reader takes for `chunked` and another does not.

use super::pieces::{ALL, BEFORE, Body, Layout, ODD, Take};

/// Where a byte is put into `Transfer-Encoding: chunked`.
const SEAMS: [(&str, &str, &str); 6] = [
    ("before-the-name", "", "Transfer-Encoding: chunked"),
    ("in-the-name", "Transfer", "-Encoding: chunked"),
    ("before-the-colon", "Transfer-Encoding", ": chunked"),
    ("behind-the-colon", "Transfer-Encoding:", "chunked"),
    ("in-the-value", "Transfer-Encoding: chun", "ked"),
    ("behind-the-value", "Transfer-Encoding: chunked", ""),
];

/// Values that are not `chunked` and nothing else.
const VALUES: [(&str, &str); 38] = [
    ("chunked-identity", "chunked, identity"),
    ("identity-chunked", "identity, chunked"),
    ("chunked-twice", "chunked, chunked"),
    ("chunked-twice-without-a-blank", "chunked,chunked"),
    ("a-leading-comma", ", chunked"),
    ("a-trailing-comma", "chunked ,"),
    ("commas", ",,chunked,,"),
    ("gzip-chunked", "gzip, chunked"),
    ("chunked-gzip", "chunked, gzip"),
    ("gzip", "gzip"),
    ("deflate", "deflate"),
    ("identity", "identity"),
    ("trailers", "trailers"),
    ("nothing", ""),
    ("blanks", " \t "),
    ("an-unknown-word", "cow"),
    ("an-unknown-word-first", "cow, chunked"),
    ("a-parameter", "chunked;q=0.5"),
    ("a-parameter-behind-a-blank", "chunked ; a=b"),
    ("quoted", "\"chunked\""),
    ("quoted-singly", "'chunked'"),
    ("a-comment-first", "(a) chunked"),
    ("a-comment-behind", "chunked (a)"),
    ("said-twice", "chunked chunked"),
    ("a-letter-first", "xchunked"),
    ("a-letter-behind", "chunkedx"),
    ("cut-short", "chunke"),
    ("spelt-wrong", "chuncked"),
    ("escaped", "%63hunked"),
    ("a-backslash", "\\chunked"),
    ("an-encoded-word", "=?utf-8?q?chunked?="),
    ("the-sign-of-kelvin", "chun\u{212a}ed"),
    ("full-width", "\u{ff43}hunked"),
    ("a-soft-hyphen", "chun\u{ad}ked"),
    ("a-zero-width-space", "\u{200b}chunked"),
    ("a-byte-order-mark", "\u{feff}chunked"),
    ("an-assignment", "chunked=1"),
    ("in-brackets", "[chunked]"),
];

/// Names that are, or look like, another one.
const NAMES: [(&str, &str); 19] = [
    ("an-underscore", "Transfer_Encoding"),
    ("a-blank", "Transfer Encoding"),
    ("a-point", "Transfer.Encoding"),
    ("no-hyphen", "TransferEncoding"),
    ("two-hyphens", "Transfer--Encoding"),
    ("a-slash", "Transfer/Encoding"),
    ("an-en-dash", "Transfer\u{2013}Encoding"),
    ("a-long-s", "Tran\u{17f}fer-Encoding"),
    ("cut-short", "Transfer-Encodin"),
    ("a-letter-behind", "Transfer-Encodings"),
    ("a-prefix", "X-Transfer-Encoding"),
    ("of-mail", "Content-Transfer-Encoding"),
    ("of-a-proxy", "Proxy-Transfer-Encoding"),
    ("te", "TE"),
    ("coding", "Transfer-Coding"),
    ("quoted", "\"Transfer-Encoding\""),
    ("in-brackets", "[Transfer-Encoding]"),
    ("an-escape", "Transfer%2DEncoding"),
    ("a-hyphen-first", "-Transfer-Encoding"),
];

/// Whole stretches of lines.
const LINES: [(&str, &str); 23] = [
    ("small-letters", "transfer-encoding: chunked\r\n"),
    ("capitals", "TRANSFER-ENCODING: CHUNKED\r\n"),
    ("mixed-letters", "tRaNsFeR-eNcOdInG: cHuNkEd\r\n"),
    ("no-blank", "Transfer-Encoding:chunked\r\n"),
    ("many-blanks", "Transfer-Encoding: \t \t chunked \t \t\r\n"),
    ("a-bare-feed-behind", "Transfer-Encoding: chunked\n"),
    ("a-bare-return-behind", "Transfer-Encoding: chunked\r"),
    ("feed-and-return-behind", "Transfer-Encoding: chunked\n\r"),
    ("behind-a-bare-feed", "X: y\nTransfer-Encoding: chunked\r\n"),
    ("behind-a-bare-return", "X: y\rTransfer-Encoding: chunked\r\n"),
    ("behind-two-returns", "X: y\r\r\nTransfer-Encoding: chunked\r\n"),
    ("behind-a-return-of-its-own", "X: y\r\n\rTransfer-Encoding: chunked\r\n"),
    ("on-a-folded-line", "X: y\r\n Transfer-Encoding: chunked\r\n"),
    ("folded-by-a-tab", "X: y\r\n\tTransfer-Encoding: chunked\r\n"),
    ("its-value-folded", "Transfer-Encoding:\r\n chunked\r\n"),
    ("its-value-folded-by-a-tab", "Transfer-Encoding:\r\n\tchunked\r\n"),
    ("its-value-behind-an-empty-fold", "Transfer-Encoding: chunked\r\n \r\n"),
    ("its-name-folded", "Transfer-\r\n Encoding: chunked\r\n"),
    ("two-lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("two-lines-cow-first", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n"),
    ("two-lines-cow-last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"),
    ("two-lines-identity-first", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
    ("two-lines-nothing-last", "Transfer-Encoding: chunked\r\ntransfer-encoding:\r\n"),
];

pub(super) fn cases(take: Take<'_>) {
    for (seam, before, after) in SEAMS {
        for (byte, odd) in ODD {
            both(take, &format!("{byte}-{seam}"), &[before.as_bytes(), &[odd], after.as_bytes(), b"\r\n"].concat());
        }
    }
    for (name, value) in VALUES {
        both(take, &format!("value-{name}"), format!("Transfer-Encoding: {value}\r\n").as_bytes());
    }
    for (name, spelling) in NAMES {
        both(take, &format!("name-{name}"), format!("{spelling}: chunked\r\n").as_bytes());
    }
    for (name, lines) in LINES {
        both(take, &format!("line-{name}"), lines.as_bytes());
        take(format!("sm-01-coding-line-{name}-alone"), Layout::post(lines, Body::InChunk));
    }
}

/// Behind a length that covers everything, and before one that covers the chunk's size only.
fn both(take: Take<'_>, name: &str, line: &[u8]) {
    let behind = [format!("Content-Length: {ALL}\r\n").as_bytes(), line].concat();
    take(format!("sm-01-coding-{name}-behind-a-length"), Layout::post(behind, Body::BehindChunks));
    let before = [line, format!("Content-Length: {BEFORE}\r\n").as_bytes()].concat();
    take(format!("sm-01-coding-{name}-before-a-length"), Layout::post(before, Body::InChunk));
}
