//! What is between two hops: upgrades, expectations, lines named in Connection, and names that a proxy's own could be taken for.

use super::pieces::{Body, Layout, Take};

const LINES: [(&str, &str); 34] = [
    ("sm-10-upgrade-to-http-2", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    ("sm-10-upgrade-to-a-socket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"),
    ("sm-10-upgrade-to-something", "Connection: Upgrade\r\nUpgrade: foo\r\n"),
    ("sm-10-upgrade-to-tls", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
    ("sm-10-upgrade-alone", "Upgrade: h2c\r\n"),
    ("sm-11-expect-continue", "Expect: 100-continue\r\n"),
    ("sm-11-expect-continue-in-capitals", "Expect: 100-CONTINUE\r\n"),
    ("sm-11-expect-something", "Expect: x\r\n"),
    ("sm-11-expect-nothing", "Expect:\r\n"),
    ("sm-11-expect-a-list", "Expect: 100-continue, x\r\n"),
    ("sm-11-expect-twice", "Expect: 100-continue\r\nExpect: 100-continue\r\n"),
    ("sm-11-expect-a-parameter", "Expect: 100-continue;a=b\r\n"),
    ("sm-11-expect-200", "Expect: 200-ok\r\n"),
    ("sm-11-expect-behind-a-space", "Expect : 100-continue\r\n"),
    ("sm-16-connection-names-the-length", "Connection: Content-Length\r\n"),
    ("sm-16-connection-names-the-coding", "Connection: Transfer-Encoding\r\n"),
    ("sm-16-connection-names-the-host", "Connection: Host\r\n"),
    ("sm-16-connection-names-the-key", "Connection: Authorization, X-Api-Key\r\n"),
    ("sm-16-connection-names-an-address", "Connection: X-Real-Ip, X-Forwarded-For\r\n"),
    ("sm-16-connection-closes-and-keeps", "Connection: close, keep-alive\r\n"),
    ("sm-16-connection-keeps-then-closes", "Connection: keep-alive\r\nConnection: close\r\n"),
    ("sm-16-connection-of-a-proxy", "Proxy-Connection: close\r\n"),
    ("sm-16-keep-alive-of-nothing", "Keep-Alive: timeout=0, max=0\r\n"),
    ("sm-16-te", "TE: trailers, chunked\r\nConnection: TE\r\n"),
    ("sm-16-a-trailer-announced", "Trailer: Content-Length\r\n"),
    ("sm-17-an-underscore", "X_Forwarded_For: 10.0.0.1\r\n"),
    ("sm-17-a-no-break-space", "X-Forwarded-For\u{a0}: 10.0.0.1\r\n"),
    ("sm-17-a-blank", "X-Forwarded-For : 10.0.0.1\r\n"),
    ("sm-17-twice", "X-Forwarded-For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2\r\n"),
    ("sm-17-another-method", "X-HTTP-Method-Override: DELETE\r\n"),
    ("sm-17-another-target", "X-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\n"),
    ("sm-17-a-content-coding", "Content-Encoding: gzip\r\n"),
    ("sm-17-a-content-coding-of-identity", "Content-Encoding: identity\r\n"),
    ("sm-17-two-keys", "X-Api-Key: a\r\nX-Api-Key: b\r\n"),
];

pub(super) fn cases(take: Take<'_>) {
    for (name, lines) in LINES {
        take(format!("{name}-over-a-length"), Layout::sound().with(lines.as_bytes()));
        take(format!("{name}-over-chunks"), Layout::post("Transfer-Encoding: chunked\r\n", Body::InChunk).with(lines.as_bytes()));
        // no body at all: the hidden request is the next one, for everybody
        take(format!("{name}-over-nothing"), Layout::post(lines, Body::Hidden).method("GET"));
    }
}
