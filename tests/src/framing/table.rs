//! Tables of cases: one a line, words, a bar, the bytes with escapes.

/// A case of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The words before the bar, the case's name last.
    pub words: Vec<&'static str>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Row {
    /// The case's name.
    ///
    /// # Panics
    /// If it has none.
    pub fn name(&self) -> &'static str {
        self.words.last().copied().expect("a row has a name")
    }
}

/// The heads of requests: the words are shape, expectation, name.
pub fn heads() -> Vec<Row> {
    completed(include_str!("../../../crates/wire/tests/corpus/heads.txt"), |shape| match shape {
        "line" => ("", "\r\nHost: gate.test\r\n\r\n"),
        "get" => ("GET / HTTP/1.1\r\nHost: gate.test\r\n", "\r\n"),
        "post" => ("POST / HTTP/1.1\r\nHost: gate.test\r\n", "\r\n"),
        _ => ("", ""),
    })
}

/// The heads of answers: the words are shape, expectation, name.
pub fn answers() -> Vec<Row> {
    completed(include_str!("../../../crates/wire/tests/corpus/answers.txt"), |shape| match shape {
        "line" => ("", "\r\n\r\n"),
        "ok" => ("HTTP/1.1 200 OK\r\n", "\r\n"),
        _ => ("", ""),
    })
}

/// Chunked bodies: the words are expectation, name.
pub fn chunks() -> Vec<Row> {
    read(include_str!("../../../crates/wire/tests/corpus/chunks.txt"))
}

/// Of the generated cases those that are read: the words are the name, who is read, and how it ends.
pub fn read_cases() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = include_str!("../../../crates/wire/tests/corpus/read.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.collect()))
    })
}

/// Rows with what their shape, the first word, puts around them.
fn completed(table: &'static str, around: impl Fn(&str) -> (&'static str, &'static str)) -> Vec<Row> {
    let mut rows = read(table);
    for row in &mut rows {
        let shape = row.words.first().copied().unwrap_or_default();
        assert!(matches!(shape, "line" | "get" | "post" | "ok" | "raw"), "{} has no known shape", row.name());
        let (before, after) = around(shape);
        row.bytes = [before.as_bytes(), &row.bytes, after.as_bytes()].concat();
    }
    rows
}

/// All rows of a table; empty lines and those that begin with `#` are for people.
///
/// # Panics
/// If the table is malformed, or a name stands twice.
fn read(table: &'static str) -> Vec<Row> {
    let rows: Vec<Row> = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect();
    let mut names = std::collections::BTreeSet::new();
    for row in &rows {
        assert!(names.insert(row.name()), "{} stands twice", row.name());
    }
    rows
}

fn row(line: &'static str) -> Row {
    let (words, bytes) = line.split_once('|').unwrap_or_else(|| panic!("no bar in {line}"));
    Row { words: words.split_whitespace().collect(), bytes: unescape(bytes.strip_prefix(' ').unwrap_or(bytes)) }
}

/// Bytes as a table writes them: `\r \n \t \0 \\ \xNN`.
///
/// # Panics
/// At an escape that is none of them.
pub fn unescape(text: &str) -> Vec<u8> {
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
                    let mut digit =
                        || rest.next().and_then(|digit| char::from(digit).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
                    let (high, low) = digit().zip(digit()).unwrap_or_else(|| panic!("an unknown escape in {text}"));
                    high << 4 | low
                }
                other => panic!("an unknown escape {other:?} in {text}"),
            },
            plain => plain,
        });
    }
    bytes
}
