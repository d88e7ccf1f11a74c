//! What would a PHP provider have understood? A real PHP reads what we send, and what the hostile sent, and must agree.

mod many;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use tollgate_dialect::Profile;
use tollgate_dialect::v1::{Call, Operation};

use self::server::{Php, Understood};
use crate::generate::{Random, honest, hostile};
use crate::support::{REAL, Request, encoded, profile, request_of};

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
            if let Some(callback) = &submit.callback {
                add("pingback", &callback.url().bytes().collect::<Vec<_>>());
            }
            files = submit.files().iter().map(|file| (file.name.into(), file.data.to_vec())).collect();
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
        Operation::Report { task, good, .. } => {
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
    let profiles = [profile("captchaai"), profile("twocaptcha")];
    many::run(20_261_123, many::requests() * 4 / 5, &|round: usize, random: &mut Random, php: &Php| {
        let (request, meaning) = honest(random);
        let call = request.call();
        let profile = &profiles[round % 2];
        let sent = request_of(&encoded(&call.operation, call.form, profile));
        assert_eq!(php.ask(&sent), wanted(&call, REAL.as_bytes(), Some(profile)), "{}", request.shown());
        // and the call is what the generator meant, by a third reading
        for (name, value) in &meaning.fields {
            let submit = call.operation.submit();
            let found = submit.and_then(|submit| submit.field(name)).is_some_and(|found| found.is(value));
            let typed = matches!(name.as_str(), "key" | "json" | "method" | "pingback") || submit.is_none();
            assert!(found || typed, "{name} was lost: {}", request.shown());
        }
        assert_eq!(call.operation.submit().map_or(0, |submit| submit.files().len()), meaning.files.len());
    });
}

#[test]
fn pc_25_a_hostile_request_is_refused_or_read_by_php_as_we_read_it() {
    let profile = profile("twocaptcha");
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let rounds = many::requests();
    many::run(251, rounds, &|_: usize, random: &mut Random, php: &Php| {
        let (mut request, _) = honest(random);
        for _ in 0..=random.below(2) {
            hostile(&mut request, random);
        }
        if !passes_the_codec(&request) {
            return;
        }
        let Ok(call) = request.read() else {
            refused.fetch_add(1, Ordering::Relaxed);
            return;
        };
        accepted.fetch_add(1, Ordering::Relaxed);
        let sent = request_of(&encoded(&call.operation, call.form, &profile));
        assert_eq!(php.ask(&sent), wanted(&call, REAL.as_bytes(), Some(&profile)), "{}", request.shown());
        // PHP reads no body without a content type; what the client meant by it is a form
        let mut as_sent = request.clone();
        if as_sent.post && as_sent.content_type.is_none() {
            as_sent.content_type = Some(b"application/x-www-form-urlencoded".to_vec());
        }
        agrees(&call, php.ask(&as_sent)).unwrap_or_else(|why| panic!("{}\n{why}", request.shown()));
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    println!("{rounds} made, {refused} refused, {accepted} read by PHP as they came and as they went");
    assert!(accepted > rounds / 10 && refused > rounds / 4, "{accepted} accepted, {refused} refused");
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
