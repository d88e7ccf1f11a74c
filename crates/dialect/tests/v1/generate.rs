//! Requests made from a seed: honest ones in every spelling that clients use, and hostile changes of them.

use std::fmt::Write as _;

use crate::support::{KEY, Request};

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What an honest request means: every parameter, the key and the files.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) path: &'static str,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// Where the parameters stand.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    Query,
    Form,
    Untyped,
    Multipart,
    Json,
}

pub(crate) fn honest(random: &mut Random) -> (Request, Meaning) {
    let spelling = [Spelling::Query, Spelling::Form, Spelling::Untyped, Spelling::Multipart, Spelling::Json][random.below(5)];
    let meaning = meaning(random, spelling);
    let mut request = Request { post: spelling != Spelling::Query, target: meaning.path.into(), ..Request::default() };
    let (in_query, in_body): (Vec<_>, Vec<_>) =
        meaning.fields.iter().cloned().partition(|_| spelling == Spelling::Query || random.chance(15));
    if !in_query.is_empty() {
        request.target.push(b'?');
        urlencoded(&in_query, random, &mut request.target);
    }
    match spelling {
        Spelling::Query => {}
        Spelling::Form | Spelling::Untyped => {
            let kinds = ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"];
            request.content_type = (spelling == Spelling::Form).then(|| random.one_of(&kinds).into());
            urlencoded(&in_body, random, &mut request.body);
        }
        Spelling::Multipart => multipart(&in_body, &meaning.files, random, &mut request),
        Spelling::Json => json(&in_body, random, &mut request),
    }
    (request, meaning)
}

fn meaning(random: &mut Random, spelling: Spelling) -> Meaning {
    let mut fields = vec![(String::from("key"), KEY.as_bytes().to_vec())];
    let mut add = |name: &str, value: &[u8]| fields.push((name.to_owned(), value.to_vec()));
    if random.chance(50) {
        add("json", random.one_of(&["1", "0"]).as_bytes());
    }
    if random.chance(20) {
        add("soft_id", b"4580");
    }
    let id = random.below(2_000_000_000).to_string();
    let mut files = Vec::new();
    let path = match random.below(10) {
        0 => {
            add("action", random.one_of(&["getbalance", "threadsinfo"]).as_bytes());
            "/res.php"
        }
        1 => {
            add("action", b"get");
            add("ids", format!("{id},7,{}", random.below(99)).as_bytes());
            "/res.php"
        }
        2..=4 => {
            add("action", random.one_of(&["get", "get2", "reportgood", "reportbad"]).as_bytes());
            add("id", id.as_bytes());
            "/res.php"
        }
        _ => {
            add("method", random.one_of(&["userrecaptcha", "base64", "post", "turnstile", "geetest_v4", "rotatecaptcha"]).as_bytes());
            let names = [
                "googlekey",
                "pageurl",
                "action",
                "version",
                "enterprise",
                "body",
                "cookies",
                "userAgent",
                "proxy",
                "proxytype",
                "x_1",
                "data-s",
                "data[blob]",
                "previousID",
            ];
            let from = random.below(names.len());
            for name in names.iter().cycle().skip(from).take(random.below(9)) {
                add(name, &value(random, spelling == Spelling::Json));
            }
            if random.chance(10) {
                add("pingback", random.one_of(&["https://hooks.example.com/done?a=b&c", "http://evil", "javascript:x"]).as_bytes());
            }
            if spelling == Spelling::Multipart {
                for name in ["file", "file_1", "imginstructions"].iter().take(random.below(4)) {
                    files.push(((*name).to_owned(), value(random, false)));
                }
            }
            if random.chance(20) { "/solve.php" } else { "/in.php" }
        }
    };
    let shift = random.below(fields.len());
    fields.rotate_left(shift);
    Meaning { path, fields, files }
}

fn value(random: &mut Random, text: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(6) {
        match random.below(6) {
            0 => bytes.extend_from_slice(
                random
                    .one_of(&[
                        "&key=evil",
                        "=",
                        "+",
                        "%41",
                        "%",
                        ";",
                        "|",
                        "\"",
                        "\\",
                        "\r\n",
                        "--B",
                        "\r\n--",
                        "'",
                        "[]",
                        "{\"a\":1}",
                        "\0",
                    ])
                    .as_bytes(),
            ),
            1 => bytes.extend_from_slice("ä😀".as_bytes()),
            2 if !text => bytes.extend((0..random.below(9)).map(|_| random.next().to_le_bytes()[0])),
            _ => {
                bytes.extend_from_slice(random.one_of(&["https://e.com/?a=b&c", "6LfD3PIbAAAA", "0", "1", "v3", " ", "verify"]).as_bytes());
            }
        }
    }
    bytes
}

/// Typed values are words, and no client writes a word with escapes; we refuse that.
fn is_typed(name: &str) -> bool {
    matches!(name, "key" | "json" | "method" | "action" | "id")
}

fn urlencoded(fields: &[(String, Vec<u8>)], random: &mut Random, out: &mut Vec<u8>) {
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 || random.chance(3) {
            out.extend_from_slice(if random.chance(3) { b"&&" } else { b"&" });
        }
        let name = if name == "data[blob]" && random.chance(50) { "data%5Bblob%5D" } else { name };
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        let typed = is_typed(name);
        for byte in value {
            match byte {
                b' ' if random.chance(50) => out.push(b'+'),
                byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => {
                    if !typed && random.chance(5) {
                        out.extend(format!("%{byte:02x}").bytes());
                    } else {
                        out.push(*byte);
                    }
                }
                byte if b"!*'(),:/?@".contains(byte) && random.chance(50) => out.push(*byte),
                byte if random.chance(50) => out.extend(format!("%{byte:02X}").bytes()),
                byte => out.extend(format!("%{byte:02x}").bytes()),
            }
        }
    }
}

fn multipart(fields: &[(String, Vec<u8>)], files: &[(String, Vec<u8>)], random: &mut Random, request: &mut Request) {
    let boundary =
        random.one_of(&["------------------------aa10b84c67d5e130", "c645900449818f49e26c6097b09081ef", "----formdata-undici-0653"]);
    request.content_type = Some(match random.below(3) {
        0 => format!("multipart/form-data; boundary=\"{boundary}\"").into(),
        _ => format!("multipart/form-data; boundary={boundary}").into(),
    });
    let mut part = |head: String, kind: &str, data: &[u8]| {
        let kind = if random.chance(30) { kind } else { "" };
        request.body.extend(format!("--{boundary}\r\n{head}{kind}\r\n\r\n").bytes());
        request.body.extend_from_slice(data);
        request.body.extend_from_slice(b"\r\n");
    };
    for (name, value) in fields {
        part(format!("Content-Disposition: form-data; name=\"{name}\""), "\r\nContent-Type: text/plain; charset=utf-8", value);
    }
    for (name, data) in files {
        part(format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"x.png\""), "\r\nContent-Type: image/png", data);
    }
    request.body.extend(format!("--{boundary}--\r\n").bytes());
}

fn json(fields: &[(String, Vec<u8>)], random: &mut Random, request: &mut Request) {
    request.content_type = Some(random.one_of(&["application/json", "application/json; charset=utf-8"]).into());
    let members: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let text = std::str::from_utf8(value).unwrap();
            let number = name != "key"
                && !text.is_empty()
                && text.len() < 10
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'));
            if number && random.chance(70) {
                format!("\"{name}\": {text}")
            } else {
                format!("\"{name}\":{}", string(text, !is_typed(name), random))
            }
        })
        .collect();
    request.body = format!("{{{}}}", members.join(random.one_of(&[",", ", ", ",\n"]))).into();
}

fn string(text: &str, escapes: bool, random: &mut Random) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        let mut units = [0; 2];
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter < ' ' || escapes && random.chance(5) => {
                for unit in letter.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            letter => out.push(letter),
        }
    }
    out + "\""
}

/// Changes a request as somebody would who wants PHP to read something else than we do.
pub(crate) fn hostile(request: &mut Request, random: &mut Random) {
    const PAIRS: [&str; 34] = [
        "key=evil",
        "+key=evil",
        "%20key=evil",
        "key[]=evil",
        "key[x]=evil",
        "%6Bey=evil",
        "key%00=evil",
        "key%00x=evil",
        "key",
        "=x",
        "",
        "KEY=evil",
        "key;=evil",
        "api.key=x",
        "api_key=x",
        "method=post",
        "method%00=post",
        "Method=post",
        "method[]=post",
        "+method=post",
        "action=add_pingback",
        "+action=add_pingback",
        "action[]=get",
        "id=7",
        "ids=7,8",
        "+id=7",
        "json=1",
        "json[]=1",
        "+pingback=http://evil",
        "pingback.=x",
        "data=x",
        "x%=y",
        "x=%zz",
        "page.url=x",
    ];
    let in_query = !request.post || random.chance(40);
    match random.below(6) {
        0 | 1 => {
            let pair = random.one_of(&PAIRS);
            let text = if in_query { &mut request.target } else { &mut request.body };
            let places: Vec<usize> =
                text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'&' | b'?')).map(|(at, _)| at + 1).collect();
            match places.get(random.below(places.len().max(1))) {
                Some(at) => drop(text.splice(at..at, format!("{pair}&").bytes())),
                None if in_query => text.extend(format!("?{pair}").bytes()),
                None => text.extend(format!("&{pair}").bytes()),
            }
        }
        2 => {
            let text = if in_query || request.body.is_empty() { &mut request.target } else { &mut request.body };
            let at = random.below(text.len());
            match random.below(3) {
                0 => text[at] = random.one_of(&PAIRS[..33]).bytes().next().unwrap_or(b'&'),
                1 => drop(text.remove(at)),
                _ => text.insert(at, b"&=%+;[]\"\r\n\0 .:-{},\\ku"[random.below(21)]),
            }
        }
        3 if !request.body.is_empty() => {
            let (from, to) = [
                ("\r\n", "\n"),
                ("name=\"key\"", "name=key"),
                ("name=\"key\"", "name=\"x\"; name=\"key\""),
                ("name=\"method\"", "name=\" method\""),
                ("name=\"", "name=\"key\"; filename=\""),
                ("form-data; ", "form-data; name*=utf-8''key; "),
                ("--\r\n", "\r\n"),
                ("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
                ("{", "{\"key\":\"evil\","),
                ("}", ",\"key\":\"evil\"}"),
                ("\"key\"", "\"k\\u0065y\""),
                ("\"method\":\"", "\"method\":[\""),
                ("key=", "key=evil&key="),
                ("&", ";"),
                ("=", "%3D"),
                ("method", "method "),
                ("\"}", "\",\"method\":\"post\"}"),
            ][random.below(17)];
            request.body = replace_one(&request.body, from.as_bytes(), to.as_bytes(), random);
        }
        4 => {
            let kinds = [
                "application/x-www-form-urlencoded",
                "application/x-www-form-urlencoded, text/plain",
                "multipart/form-data; boundary=X,Y",
                "application/json",
                "text/plain",
                "Application/X-WWW-Form-Urlencoded; charset=utf-16",
                "multipart/form-data",
            ];
            request.content_type = Some(random.one_of(&kinds).into());
        }
        _ => {
            let cut = random.below(request.body.len() + 1);
            request.body.truncate(cut);
        }
    }
}

fn replace_one(text: &[u8], from: &[u8], to: &[u8], random: &mut Random) -> Vec<u8> {
    let places: Vec<usize> = (0..text.len().saturating_sub(from.len() - 1)).filter(|at| text[*at..].starts_with(from)).collect();
    if places.is_empty() {
        return text.to_vec();
    }
    let at = places[random.below(places.len())];
    [&text[..at], to, &text[at + from.len()..]].concat()
}
