//! How is a real PHP asked? `php -S` with a script that prints what it was given; one process answers one caller at a time.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::Request;

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

/// A running `php -S`, ended when dropped.
pub(crate) struct Php {
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
pub(crate) struct Understood {
    pub(crate) path: Vec<u8>,
    pub(crate) fields: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) files: BTreeMap<Vec<u8>, Vec<u8>>,
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
    /// Starts it; a machine without it fails here, since nothing else can say what PHP does.
    pub(crate) fn start() -> Self {
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

    pub(crate) fn ask(&self, request: &Request) -> Understood {
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
