//! How are the tables read? One case a line, bytes behind a bar, with escapes.

/// A case of a table.
pub(crate) struct Case {
    /// The words before the bar, the case's name last.
    pub(crate) words: Vec<&'static str>,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    pub(crate) fn name(&self) -> &'static str {
        self.words[self.words.len() - 1]
    }
}

/// All cases of a table, each name once.
fn read(table: &'static str) -> Vec<Case> {
    let cases: Vec<Case> = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(case).collect();
    for (at, case) in cases.iter().enumerate() {
        assert!(cases[..at].iter().all(|earlier| earlier.name() != case.name()), "{} stands twice", case.name());
    }
    cases
}

fn case(line: &'static str) -> Case {
    let (words, bytes) = line.split_once('|').unwrap_or_else(|| panic!("no bar in {line}"));
    Case { words: words.split_whitespace().collect(), bytes: unescape(bytes.strip_prefix(' ').unwrap_or(bytes)) }
}

pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(b'\\') => b'\\',
                Some(b'x') => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => panic!("an unknown escape {other:?} in {text}"),
            },
            plain => plain,
        });
    }
    bytes
}

/// The requests' heads: the words are shape, expectation, name.
pub(crate) fn heads() -> Vec<Case> {
    completed(include_str!("../corpus/heads.txt"), |shape| match shape {
        "line" => ("", "\r\nHost: gate.test\r\n\r\n"),
        "get" => ("GET / HTTP/1.1\r\nHost: gate.test\r\n", "\r\n"),
        "post" => ("POST / HTTP/1.1\r\nHost: gate.test\r\n", "\r\n"),
        _ => ("", ""),
    })
}

/// The answers' heads: the words are shape, expectation, name.
pub(crate) fn answers() -> Vec<Case> {
    completed(include_str!("../corpus/answers.txt"), |shape| match shape {
        "line" => ("", "\r\n\r\n"),
        "ok" => ("HTTP/1.1 200 OK\r\n", "\r\n"),
        _ => ("", ""),
    })
}

/// The chunked bodies: the words are expectation, name.
pub(crate) fn chunks() -> Vec<Case> {
    read(include_str!("../corpus/chunks.txt"))
}

fn completed(table: &'static str, around: impl Fn(&str) -> (&'static str, &'static str)) -> Vec<Case> {
    let mut cases = read(table);
    for case in &mut cases {
        assert!(matches!(case.words[0], "line" | "get" | "post" | "ok" | "raw"), "{} has no known shape", case.name());
        let (before, after) = around(case.words[0]);
        case.bytes = [before.as_bytes(), &case.bytes, after.as_bytes()].concat();
    }
    cases
}
