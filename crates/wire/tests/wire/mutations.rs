//! What do broken and hostile clients send? Requests grown from pieces by seeded dice, and a smuggler's spellings of one header.

/// A seeded generator (SplitMix64): the same requests on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())]
    }

    fn mostly<T: Copy>(&mut self, sound: &[T], odd: &[T]) -> T {
        if self.one_in(20) { self.pick(odd) } else { self.pick(sound) }
    }
}

const METHODS: &[&str] = &["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS"];
const ODD_METHODS: &[&str] = &["PUT", "get", "CONNECT", ""];
const TARGETS: &[&str] = &[
    "/in.php",
    "/res.php?key=k&action=get",
    "/",
    "//in.php",
    "/a/../in.php",
    "/in.%70hp",
    "/in.php?",
    "/in.php??a",
    "/in.php?a[]=1&b={c}|^`",
    "/;a=b/c@d:e",
    "http://gate.test/in.php?a",
];
const ODD_TARGETS: &[&str] = &["/a?b#c", "http://other.test/in.php", "*", "/a\\b", "/?a=\"b\"", "/a b", "in.php"];
const VERSIONS: &[&str] = &["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"];
const ODD_VERSIONS: &[&str] = &["HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 "];
const HEADERS: &[&str] = &[
    "Accept: */*",
    "User-Agent: caf\u{e9}/1.0",
    "X-Empty:",
    "X-Blanks: \t a\tb \t",
    "X-Forwarded-For: 10.0.0.1",
    "X_Forwarded_For: 10.0.0.1",
    "Connection: keep-alive",
    "Connection: close",
    "Connection: authorization, host",
    "Upgrade: h2c",
    "TE: trailers",
    "Trailer: X-Sum",
    "Cookie: a=b",
    "Cookie: c=d",
    "Content-Encoding: identity",
];
const ODD_HEADERS: &[&str] = &[
    "Expect: x",
    "Content-Encoding: gzip",
    "Content-Length: 0",
    "Host: other.test",
    "Transfer-Encoding: identity",
    "X : y",
    ": y",
    " folded",
    "no colon",
];
const SPOILERS: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b"#",
    b"\xa0",
    b"\x0b",
    b"\x7f",
    b"\r\n ",
    b"\r\nTransfer-Encoding: chunked\r\n",
];
const BODY: &str = "key=k&a=b";

/// A request, mostly sound; about half are spoilt somewhere.
pub(crate) fn request(dice: &mut Dice) -> Vec<u8> {
    let method = dice.mostly(METHODS, ODD_METHODS);
    let (target, version) = (dice.mostly(TARGETS, ODD_TARGETS), dice.mostly(VERSIONS, ODD_VERSIONS));
    let mut text = format!("{method} {target} {version}\r\n");
    if !dice.one_in(20) {
        text.push_str("Host: gate.test\r\n");
    }
    for _ in 0..dice.roll(4) {
        text.push_str(dice.mostly(HEADERS, ODD_HEADERS));
        text.push_str("\r\n");
    }
    let body = if method == "POST" { framing(dice, &mut text) } else { String::new() };
    text.push_str("\r\n");
    text.push_str(&body);
    let mut bytes = text.into_bytes();
    if dice.one_in(3) {
        let at = dice.roll(bytes.len());
        let spoiler = dice.pick(SPOILERS);
        let until = if dice.one_in(2) { at } else { at + 1 };
        bytes.splice(at..until, spoiler.iter().copied());
    }
    bytes
}

/// Adds what places the body's end, mostly once and right; the body.
fn framing(dice: &mut Dice, text: &mut String) -> String {
    let chunked = dice.one_in(2);
    if chunked {
        text.push_str(dice.pick(&["Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding:Chunked \r\n"]));
    }
    if !chunked || dice.one_in(10) {
        let off = dice.mostly(&[0], &[3]);
        text.push_str("Content-Length: ");
        text.push_str(&(BODY.len() + off).to_string());
        text.push_str("\r\n");
    }
    if !chunked {
        return BODY.to_owned();
    }
    let cut = 1 + dice.roll(BODY.len() - 1);
    let (first, second) = BODY.split_at(cut);
    let after = dice.mostly(&[""], &[";a=b", " ", "\n"]);
    let last = dice.mostly(&["0\r\n\r\n", "000\r\n\r\n"], &["0\r\nX: y\r\n\r\n", "0;x\r\n\r\n", "0\n\n"]);
    format!("{:x}{after}\r\n{first}\r\n{:X}\r\n{second}\r\n{last}", first.len(), second.len())
}

/// Every byte at every seam of `Transfer-Encoding: chunked`, beside a length; the body ends early for whoever reads chunks.
pub(crate) fn of_transfer_encoding() -> Vec<Vec<u8>> {
    const SEAMS: [(&str, &str); 6] = [
        ("", "Transfer-Encoding: chunked"),
        ("Transfer", "Encoding: chunked"),
        ("Transfer-Encoding", ": chunked"),
        ("Transfer-Encoding:", "chunked"),
        ("Transfer-Encoding: ch", "unked"),
        ("Transfer-Encoding: chunked", ""),
    ];
    let mut all = Vec::new();
    for (before, after) in SEAMS {
        for byte in 0..=u8::MAX {
            let header = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            all.push([b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n", header.as_slice(), b"\r\n\r\n0\r\n\r\nGET "].concat());
        }
    }
    all
}
