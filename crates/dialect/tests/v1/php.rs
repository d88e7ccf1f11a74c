//! What would a PHP provider have understood? A real PHP reads what we send, and what the hostile sent, and must agree.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tollgate_dialect::Profile;
use tollgate_dialect::v1::{Call, Operation};

use crate::generate::{Random, honest, hostile};
use crate::support::{REAL, Request, encoded, profile, request_of};

/// Prints what the script was given: `R name value` for parameters as `$_REQUEST` has them (arrays flattened), `F name data`
/// for files, in hex. A JSON body is read as a PHP provider would: `json_decode`, over the query.
const SCRIPT: &str = r#"<?php
function show($name, $value) {
    if (is_array($value)) { foreach ($value as $k => $v) show($name . '[' . $k . ']', $v); return; }
    if (is_bool($value)) $value = $value ? '1' : '0';
    echo 'R ', bin2hex((string)$name), ' ', bin2hex((string)$value), "\n";
}
header('Content-Type: text/plain');
echo 'P ', bin2hex(parse_url('http://h' . $_SERVER['REQUEST_URI'], PHP_URL_PATH)), "\n";
$all = $_REQUEST;
if (stripos($_SERVER['CONTENT_TYPE'] ?? '', 'application/json') === 0) {
    foreach ((json_decode(file_get_contents('php://input'), true) ?: []) as $k => $v) if ($v !== null) $all[$k] = $v;
}
foreach ($all as $k => $v) show($k, $v);
foreach ($_FILES as $k => $f) echo 'F ', bin2hex($k), ' ', is_array($f['tmp_name']) ? '2a' : bin2hex(@file_get_contents($f['tmp_name'])), "\n";
"#;

struct Php {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Php {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What PHP understood.
#[derive(Default, PartialEq)]
struct Understood {
    path: Vec<u8>,
    fields: BTreeMap<Vec<u8>, Vec<u8>>,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl std::fmt::Debug for Understood {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.path.escape_ascii())?;
        for (name, value) in self.fields.iter().chain(&self.files) {
            write!(out, " [{}={}]", name.escape_ascii(), value.escape_ascii())?;
        }
        Ok(())
    }
}

impl Php {
    /// Starts `php -S`; a machine without it fails here, since nothing else can say what PHP does.
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("tollgate-php-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("router.php");
        std::fs::write(&script, SCRIPT).unwrap();
        let child = Command::new("php")
            .args(["-n", "-d", "request_order=GP", "-d", "display_errors=0", "-d", "file_uploads=1", "-d"])
            .arg(format!("upload_tmp_dir={}", folder.display()))
            .args(["-S", &format!("127.0.0.1:{port}")])
            .arg(&script)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`php` is needed: install Debian's php-cli");
        let php = Self { child, folder, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return php;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("php -S did not come up");
    }

    fn ask(&self, request: &Request) -> Understood {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut bytes = if request.post { b"POST ".to_vec() } else { b"GET ".to_vec() };
        bytes.extend_from_slice(&request.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
        if let Some(kind) = &request.content_type {
            bytes.extend_from_slice(b"Content-Type: ");
            bytes.extend_from_slice(kind);
            bytes.extend_from_slice(b"\r\n");
        }
        if request.post {
            bytes.extend(format!("Content-Length: {}\r\n", request.body.len()).bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&request.body);
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head} for {}", request.shown());
        understood(body)
    }
}

fn understood(body: &str) -> Understood {
    let mut seen = Understood::default();
    for line in body.lines() {
        let mut words = line.split(' ');
        let (kind, name) = (words.next().unwrap(), unhex(words.next().unwrap()));
        let value = unhex(words.next().unwrap_or_default());
        match kind {
            "P" => seen.path = name,
            "R" => drop(seen.fields.insert(name, value)),
            "F" => drop(seen.files.insert(name, value)),
            _ => panic!("{line}"),
        }
    }
    seen
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// What PHP must understand of a typed call that was sent with this key. `forwarded`: as our encoder says it; else as the
/// client said it.
fn wanted(call: &Call<'_>, key: &[u8], profile: Option<&Profile>) -> Understood {
    let mut fields = BTreeMap::from([(b"key".to_vec(), key.to_vec())]);
    let mut files = BTreeMap::new();
    let mut add = |name: &str, value: &[u8]| drop(fields.insert(name.into(), value.to_vec()));
    let json = call.form.json || (profile.is_some() && matches!(call.operation, Operation::Threads));
    if json {
        add("json", b"1");
    }
    let path = match &call.operation {
        Operation::Submit(submit) | Operation::SolveNow(submit) => {
            submit.fields().for_each(|(name, value)| add(name, &value.bytes().collect::<Vec<_>>()));
            if submit.method != "textcaptcha" {
                add("method", submit.method.as_bytes());
            }
            files = submit.files.iter().map(|file| (file.name.into(), file.data.to_vec())).collect();
            if matches!(call.operation, Operation::Submit(_)) { "/in.php" } else { "/solve.php" }
        }
        Operation::Poll { task, priced } => {
            let priced = profile.map_or(*priced, Profile::priced_poll);
            add("action", if priced { b"get2" } else { b"get" });
            add("id", task.as_str().as_bytes());
            "/res.php"
        }
        Operation::PollMany { tasks } => {
            add("action", b"get");
            add("ids", tasks.iter().map(tollgate_model::TaskId::as_str).collect::<Vec<_>>().join(",").as_bytes());
            "/res.php"
        }
        Operation::Balance => {
            add("action", b"getbalance");
            "/res.php"
        }
        Operation::Threads => {
            add("action", b"threadsinfo");
            "/res.php"
        }
        Operation::Report { task, good } => {
            add("action", if *good { b"reportgood" } else { b"reportbad" });
            add("id", task.as_str().as_bytes());
            "/res.php"
        }
    };
    Understood { path: path.into(), fields, files }
}

/// Whether PHP's own reading of what the client sent says the same as ours. What we drop on purpose (`header_acao`, extras
/// of `res.php`, `json=0`, an empty callback) is left out on both sides.
fn agrees(call: &Call<'_>, mut seen: Understood) -> Result<(), String> {
    let mut wanted = wanted(call, call.credential.expose(), None);
    if call.credential.is_empty() {
        wanted.fields.remove(&b"key"[..]);
    }
    let result = wanted.path == b"/res.php";
    let kept = |name: &[u8]| !result || matches!(name, b"key" | b"json" | b"action" | b"id" | b"ids" | b"addr" | b"pingback");
    seen.fields.retain(|name, value| match name.as_slice() {
        b"header_acao" => false,
        b"json" => value.as_slice() == b"1",
        b"pingback" | b"key" => !value.is_empty(),
        name => kept(name),
    });
    if seen == wanted { Ok(()) } else { Err(format!("php: {seen:?}\nours: {wanted:?}")) }
}

/// Whether the bytes could reach a dialect at all: what stands in a head is judged by the codec before.
fn passes_the_codec(request: &Request) -> bool {
    let graphic = |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    graphic(&request.target) && request.target.starts_with(b"/") && !request.target.starts_with(b"//")
}

#[test]
fn pc_25_php_understands_every_forwarded_request_as_we_do() {
    const SEED: u64 = 20_261_123;
    const ROUNDS: usize = 4_000;
    let php = Php::start();
    let profiles = [profile("captchaai"), profile("twocaptcha")];
    let mut random = Random(SEED);
    for round in 0..ROUNDS {
        let (request, meaning) = honest(&mut random);
        let call = request.call();
        let profile = &profiles[round % 2];
        let sent = request_of(&encoded(&call.operation, call.form, profile));
        assert_eq!(php.ask(&sent), wanted(&call, REAL.as_bytes(), Some(profile)), "seed {SEED} round {round}: {}", request.shown());
        // and the call is what the generator meant, by a third reading
        for (name, value) in &meaning.fields {
            let submit = call.operation.submit();
            let found = submit.and_then(|submit| submit.field(name)).is_some_and(|found| found.is(value));
            let typed = matches!(name.as_str(), "key" | "json" | "method") || submit.is_none();
            assert!(found || typed, "seed {SEED} round {round}: {name} was lost: {}", request.shown());
        }
        assert_eq!(call.operation.submit().map_or(0, |submit| submit.files.len()), meaning.files.len());
    }
}

#[test]
fn pc_25_a_hostile_request_is_refused_or_read_by_php_as_we_read_it() {
    const SEED: u64 = 251;
    const ROUNDS: usize = 30_000;
    let php = Php::start();
    let profile = profile("twocaptcha");
    let mut random = Random(SEED);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let (mut request, _) = honest(&mut random);
        for _ in 0..=random.below(2) {
            hostile(&mut request, &mut random);
        }
        if !passes_the_codec(&request) {
            continue;
        }
        let Ok(call) = request.read() else {
            refused += 1;
            continue;
        };
        accepted += 1;
        let sent = request_of(&encoded(&call.operation, call.form, &profile));
        assert_eq!(php.ask(&sent), wanted(&call, REAL.as_bytes(), Some(&profile)), "seed {SEED} round {round}: {}", request.shown());
        // PHP reads no body without a content type; what the client meant by it is a form
        let mut as_sent = request.clone();
        if as_sent.post && as_sent.content_type.is_none() {
            as_sent.content_type = Some(b"application/x-www-form-urlencoded".to_vec());
        }
        agrees(&call, php.ask(&as_sent)).unwrap_or_else(|why| panic!("seed {SEED} round {round}: {}\n{why}", request.shown()));
    }
    assert!(accepted > ROUNDS / 10 && refused > ROUNDS / 4, "{accepted} accepted, {refused} refused");
}

#[test]
fn the_oracle_itself_is_lenient_where_we_are_strict() {
    let php = Php::start();
    let key = |request: &Request| php.ask(request).fields.get(&b"key"[..]).cloned();
    for name in ["key", "%6Bey", "+key", "key%00x"] {
        let request = Request::get(&format!("/in.php?key=a&method=post&{name}=evil"));
        assert_eq!(key(&request).as_deref(), Some(&b"evil"[..]), "{name}");
        assert!(request.read().is_err(), "{name}");
    }
    let multipart =
        Request::post("/in.php", "multipart/form-data; boundary=B,C", b"x\n--B\nContent-Disposition: form-data; name=key\n\nevil\n--B--");
    assert_eq!(key(&multipart).as_deref(), Some(&b"evil"[..]));
    assert!(multipart.read().is_err());
}
