//! What can be read in two ways is not read at all (catalogue B2).

use std::fmt::Write as _;

use tollgate_model::DenialCode::{AmbiguousRequest, Malformed, OperationDenied};

use crate::support::{JSON, KEY, Request, TEXT};

/// A submission in the query with this behind it.
fn get(more: &str) -> Request {
    Request::get(&format!("/in.php?key={KEY}&method=userrecaptcha&googlekey=a{more}"))
}

fn multipart(parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (head, data) in parts {
        write!(body, "--B\r\n{head}\r\n\r\n{data}\r\n").unwrap();
    }
    body + "--B--\r\n"
}

const TYPE: &str = "multipart/form-data; boundary=B";

fn field(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

#[test]
fn pc_01_the_key_stands_once_or_the_same_everywhere() {
    for more in [format!("&key={KEY}"), "&key=x".into(), "&key=".into(), format!("&key=x&key={KEY}"), "&key=x&key=y".into()] {
        assert_eq!(get(&more).refused(), AmbiguousRequest, "{more}");
    }
    let target = format!("/in.php?key={KEY}&json=1");
    assert!(Request::form(&target, &format!("method=post&key={KEY}")).read().is_ok());
    assert_eq!(Request::form(&target, "method=post&key=x").refused(), AmbiguousRequest);
    assert_eq!(Request::json(&target, r#"{"key":"x","method":"base64"}"#).refused(), AmbiguousRequest);
    assert_eq!(Request::form(&target, "method=post&json=1").refused(), AmbiguousRequest);
}

#[test]
fn pc_02_names_with_brackets_are_refused() {
    for name in
        ["key[]", "key[0]", "key[x]", "key[", "key%5B%5D", "key]", "method[]", "data[x]", "data[]", "data[blob][]", "data%5bblob%5D"]
    {
        assert_eq!(get(&format!("&{name}=x")).refused(), AmbiguousRequest, "{name}");
    }
    assert!(get("&data[blob]=x").read().is_ok() && get("&data%5Bblob%5D=x").read().is_ok());
    assert_eq!(get("&data%5Bblob%5D=x&data[blob]=x").refused(), AmbiguousRequest);
    assert_eq!(get("&data[blob]=x&data=y").refused(), AmbiguousRequest);
}

#[test]
fn pc_04_names_that_had_to_be_decoded_or_trimmed_are_refused() {
    for name in
        ["+key", "%20key", "%20%20key", "key%00", "key%00x", "key%0a", "key+", "%6Bey", "k%65y", "%09key", "key\u{a0}", "ｋey", "", "%00"]
    {
        assert_eq!(get(&format!("&{name}=x")).refused(), AmbiguousRequest, "{name}");
    }
}

#[test]
fn pc_05_names_that_could_be_taken_for_a_known_one_are_refused() {
    for name in [
        "api.key",
        "KEY",
        "Key",
        "k_e_y",
        "key_",
        "_key",
        "page.url",
        "page_url",
        "pageURL",
        "METHOD",
        "softId",
        "Json",
        "proxyType",
        "PINGBACK",
        "i_d",
    ] {
        assert_eq!(get(&format!("&{name}=x")).refused(), AmbiguousRequest, "{name}");
    }
    for name in ["apikey", "api_key", "apiKey", "clientKey", "client_key", "CLIENTKEY", "token", "Token"] {
        assert_eq!(get(&format!("&{name}=x")).refused(), AmbiguousRequest, "{name}");
    }
    for name in ["userAgent", "useragent", "user_agent", "sitekey", "publickey", "misery_key", "file_1", "tokens", "keys", "data-s"] {
        assert!(get(&format!("&{name}=x")).read().is_ok(), "{name}");
    }
    let cutcaptcha = format!("/in.php?key={KEY}&method=cutcaptcha&misery_key=a&api_key=SAb83IIB");
    assert!(Request::get(&cutcaptcha).read().is_ok());
    assert_eq!(Request::get(&format!("{cutcaptcha}&token=x")).refused(), AmbiguousRequest);
}

#[test]
fn pc_06_a_key_of_ours_where_no_key_belongs_is_refused() {
    let escaped = KEY.replace('_', "%5F");
    for more in [format!("&googlekey2={KEY}"), format!("&cookies={escaped}"), format!("&soft_id={KEY}")] {
        assert_eq!(get(&more).refused(), AmbiguousRequest, "{more}");
    }
    assert!(get(&format!("&cookies={}", KEY.replace("Abc0", "Abc1"))).read().is_ok(), "a wrong check is no key");
    let part = multipart(&[(&field("key"), KEY), (&field("method"), "post"), (&field("lang"), KEY)]);
    assert_eq!(Request::post("/in.php", TYPE, part.as_bytes()).refused(), AmbiguousRequest);
}

#[test]
fn pc_07_odd_separators_have_one_outcome_each_and_never_two_keys() {
    for ignored in ["&&", "&", "&&&json=0&"] {
        assert!(get(ignored).read().is_ok(), "{ignored}");
    }
    for refused in ["&key", "&=x", "&x", "&=", "&?key=x"] {
        assert_eq!(get(refused).refused(), AmbiguousRequest, "{refused}");
    }
    assert_eq!(Request::get(&format!("/in.php??key={KEY}&method=post")).refused(), AmbiguousRequest);
    let semicolon = Request::get("/in.php?key=a;key=b&method=userrecaptcha");
    assert_eq!(semicolon.call().credential.expose(), b"a;key=b");
}

#[test]
fn pc_08_nothing_is_decoded_twice() {
    assert_eq!(get("&%256Bey=x").refused(), AmbiguousRequest);
    let request = get("&pageurl=%2541%2B+%26");
    let call = request.call();
    let pageurl = call.operation.submit().unwrap().field("pageurl").unwrap();
    assert_eq!(pageurl.bytes().collect::<Vec<_>>(), b"%41+ &");
    for broken in ["%", "%4", "%4g", "%g4", "%%41", "a%"] {
        assert_eq!(get(&format!("&x={broken}")).refused(), Malformed, "{broken}");
    }
}

#[test]
fn pc_10_the_action_that_is_judged_is_the_action_that_is_sent() {
    let target = format!("/res.php?key={KEY}&action=get&id=1");
    assert_eq!(Request::form(&target, "action=add_pingback").refused(), AmbiguousRequest);
    assert_eq!(Request::get(&format!("{target}&+action=add_pingback")).refused(), AmbiguousRequest);
    assert_eq!(Request::get(&format!("/res.php?key={KEY}&action[]=get&id=1")).refused(), AmbiguousRequest);
    assert_eq!(Request::get(&format!("{target}&addr=http://x")).refused(), OperationDenied);
    assert_eq!(Request::get(&format!("{target}&pingback=http://x")).refused(), OperationDenied);
    assert_eq!(Request::get(&format!("{target}&ids=1,2")).refused(), AmbiguousRequest);
    for action in ["add_pingback", "get_pingback", "del_pingback", "GET", "get%32", "get3", "", "setbalance", "get%00"] {
        assert_eq!(Request::get(&format!("/res.php?key={KEY}&action={action}&id=1")).refused(), OperationDenied, "{action}");
    }
    assert_eq!(Request::get(&format!("/res.php?key={KEY}&id=1")).refused(), Malformed);
}

#[test]
fn pc_11_the_method_that_is_priced_is_the_method_that_is_sent() {
    for more in ["&method=post", "&method%00=post", "&method[]=post", "&Method=post", "&method=userrecaptcha"] {
        assert_eq!(get(more).refused(), AmbiguousRequest, "{more}");
    }
    for method in ["", "USERRECAPTCHA", "post%20", "p%6Fst", "post%00", "a-b", "m234567890123456789012345678901234"] {
        assert_eq!(Request::get(&format!("/in.php?key={KEY}&method={method}")).refused(), Malformed, "{method}");
    }
    assert_eq!(Request::get(&format!("/in.php?key={KEY}&googlekey=a")).refused(), Malformed);
    assert_eq!(get("&textcaptcha=two+and+two").refused(), AmbiguousRequest);
    for (sent, priced) in [("", "textcaptcha"), ("&method=post", "post"), ("&method=textcaptcha", "textcaptcha")] {
        let request = Request::get(&format!("/in.php?key={KEY}&textcaptcha=a{sent}"));
        assert_eq!(request.call().operation.submit().unwrap().method, priced);
    }
    for image in ["body=x", "file=x"] {
        assert_eq!(Request::get(&format!("/in.php?key={KEY}&textcaptcha=a&{image}")).refused(), AmbiguousRequest, "{image}");
    }
}

#[test]
fn pc_11_action_is_a_page_action_in_a_submission_and_a_verb_in_a_result() {
    let request = get("&action=reportbad&version=v3");
    let call = request.call();
    assert!(call.operation.is_billable());
    assert!(call.operation.submit().unwrap().field("action").unwrap().is(b"reportbad"));
    for more in ["&id=1", "&ids=1", "&addr=x"] {
        assert_eq!(get(more).refused(), AmbiguousRequest, "{more}");
    }
}

#[test]
fn pc_13_the_head_of_a_part_has_one_spelling() {
    let key = field("key");
    let method = field("method");
    let accepted = [(key.as_str(), KEY), (method.as_str(), "post")];
    assert!(Request::post("/in.php", TYPE, multipart(&accepted).as_bytes()).read().is_ok());
    for head in [
        "Content-Disposition: form-data; name=key",
        "Content-Disposition: form-data; name=\"key\"; name=\"method\"",
        "Content-Disposition: form-data; name*=utf-8''key",
        "Content-Disposition: form-data; name=\"key\"; filename=\"a.png\"",
        "Content-Disposition: form-data; name=\" key\"",
        "Content-Disposition: form-data; name=\"ke\\y\"",
        "Content-Disposition: form-data; name='key'",
        "Content-Disposition: form-data;name = \"key\"",
        "Content-Disposition: form-data; name=\"key\" x",
        "Content-Disposition: form-data; name=\"key\"; x=\"y\"",
        "Content-Disposition: form-data; NAME=\"key\"",
        "Content-Disposition: attachment; name=\"key\"",
        "Content-Disposition: form-data; name=\"key[]\"",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data; name=\"key\"\r\nContent-Disposition: form-data; name=\"method\"",
        "Content-Disposition : form-data; name=\"key\"",
        "Content-Disposition: form-data; name=\"key\"\r\n folded",
        "Content-Disposition: form-data; name=\"key\"\r\nX: y",
        "Content-Disposition: form-data; name=\"key\"\nX: y",
        "Content-Disposition: form-data; name=\"key\"\n",
        "Content-Disposition: form-data; name=\"key\"\r",
        "Content-Disposition:\tform-data; name=\"key\"",
        "Content-Type: text/plain",
    ] {
        let body = multipart(&[(head, KEY), (&method, "post")]);
        assert!(Request::post("/in.php", TYPE, body.as_bytes()).read().is_err(), "{head:?}");
    }
    let twice = multipart(&[(&key, KEY), (&method, "post"), (&key, KEY)]);
    assert_eq!(Request::post("/in.php", TYPE, twice.as_bytes()).refused(), AmbiguousRequest);
    let elsewhere = multipart(&[(&key, KEY), (&method, "post")]);
    assert_eq!(Request::post("/in.php?key=x", TYPE, elsewhere.as_bytes()).refused(), AmbiguousRequest);
    assert_eq!(Request::post("/in.php?method=base64", TYPE, elsewhere.as_bytes()).refused(), AmbiguousRequest);
}

#[test]
fn pc_14_multipart_framing_is_exact() {
    let key = field("key");
    let method = field("method");
    let good = multipart(&[(&key, KEY), (&method, "post")]);
    let refused = [
        good.replace("\r\n", "\n"),
        format!("preamble\r\n{good}"),
        format!("\r\n{good}"),
        format!("{good}epilogue"),
        format!("{good}\r\n"),
        good.replace("--B--\r\n", ""),
        good.replace("--B--\r\n", "--B-\r\n"),
        good.replace("--B--", "--B --"),
        good.replacen("--B\r\n", "--B \r\n", 1),
        good.replacen("--B\r\n", "--Bx\r\n", 1),
        good.replace(KEY, &format!("{KEY}\r\n--Bx")),
        good.replace(KEY, &format!("{KEY}\r\n--B")),
        good.replace(KEY, &format!("{KEY}\n--B\r\n{method}\r\n\r\nx")),
        good.replace(&key, &format!("{key}\r\nContent-Transfer-Encoding: base64")),
        good.replace(&key, &format!("{key}\r\nContent-Type: multipart/mixed; boundary=C")),
        good.replace(&key, &format!("{key}\r\nContent-Type: application/octet-stream")),
        good.replace(&key, &format!("{key}\r\nContent-Length: 3")),
        good.replace("\r\n\r\n", "\r\n"),
        String::from("--B--\r\n--B--\r\n"),
    ];
    for body in refused {
        assert!(Request::post("/in.php", TYPE, body.as_bytes()).read().is_err(), "{body:?}");
    }
    for accepted in [
        good.replace(&key, &format!("{key}\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=ISO-8859-1")),
        good.replace(&key, &format!("{key}\r\nContent-Length: 32")),
        good.trim_end().to_owned(),
    ] {
        assert!(Request::post("/in.php", TYPE, accepted.as_bytes()).read().is_ok(), "{accepted:?}");
    }
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=B,C",
        "multipart/form-data; boundary=B; boundary=C",
        "multipart/form-data; boundary=\"B",
        "multipart/form-data; boundary=B; x=y",
        "multipart/mixed; boundary=B",
        "multipart/form-data, text/plain; boundary=B",
        "multipart/form-data; Boundary=B; boundary=B",
        &format!("multipart/form-data; boundary={}", "B".repeat(71)),
    ] {
        assert!(Request::post("/in.php", kind, good.as_bytes()).read().is_err(), "{kind}");
    }
    for kind in ["multipart/form-data; boundary=\"B\"", "Multipart/Form-Data;charset=UTF-8;BOUNDARY=B"] {
        assert!(Request::post("/in.php", kind, good.as_bytes()).read().is_ok(), "{kind}");
    }
}

#[test]
fn pc_14_an_empty_part_and_a_boundary_in_a_file_are_read_exactly() {
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"../../etc/x.y.PNG\"";
    let data = "\r\n-B--B\r\n--\r\n--C\r\n\r\n--A--\r\n";
    let body = multipart(&[(&field("key"), KEY), (&field("method"), "post"), (&field("lang"), ""), (file, data)]);
    let request = Request::post("/in.php", TYPE, body.as_bytes());
    let call = request.call();
    let submit = call.operation.submit().unwrap();
    assert!(submit.field("lang").unwrap().is_empty());
    assert_eq!((submit.files()[0].name, submit.files()[0].extension, submit.files()[0].data), ("file", "PNG", data.as_bytes()));
    let bare = multipart(&[(&field("key"), KEY), (&field("method"), "post"), (&file.replace("../../etc/x.y.PNG", ""), "x")]);
    assert_eq!(Request::post("/in.php", TYPE, bare.as_bytes()).refused(), Malformed);
}

#[test]
fn content_types_that_php_reads_leniently_are_refused() {
    let body = format!("key={KEY}&method=post");
    for kind in [
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded, text/plain",
        "application/x-www-form-urlencoded; charset=utf-8; charset=utf-8",
        "application/x-www-form-urlencoded;",
        "application/x-www-form-urlencodedx",
        "text/plain",
        "",
        "application/json",
        "*/*",
    ] {
        assert!(Request::post("/in.php", kind, body.as_bytes()).read().is_err(), "{kind}");
    }
    for kind in [
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded; charset=\"utf-8\"",
    ] {
        assert!(Request::post("/in.php", kind, body.as_bytes()).read().is_ok(), "{kind}");
    }
    let mut with_body = get("");
    with_body.body = b"json=1".to_vec();
    assert_eq!(with_body.refused(), AmbiguousRequest);
}

#[test]
fn pc_16_json_names_stand_once_and_plainly() {
    for body in [
        r#"{"key":"K","key":"K","method":"base64"}"#,
        r#"{"key":"K","k\u0065y":"x","method":"base64"}"#,
        r#"{"key":"K","KEY":"x","method":"base64"}"#,
        r#"{"key":"K","clientKey":"x","method":"base64"}"#,
        r#"{"key":"K","method":"base64","method":"post"}"#,
        r#"{"key":"K","method":"base64","a":{"b":1,"b":2}}"#,
        r#"{"key":"K","method":"base64","a.b":1}"#,
        r#"{"key":"K","method":"base64","":1}"#,
    ] {
        assert_eq!(Request::json("/in.php", body).refused(), AmbiguousRequest, "{body}");
    }
}

#[test]
fn pc_17_json_values_are_scalars_and_the_key_is_a_string() {
    for key in [r#"{"$ne":1}"#, "[]", "[\"K\"]", "7", "true", "1e9"] {
        let body = format!(r#"{{"key":{key},"method":"base64"}}"#);
        assert_eq!(Request::json("/in.php", &body).refused(), Malformed, "{key}");
    }
    for value in ["{}", "[]", "[1]", "1e5", "1E5"] {
        let body = format!(r#"{{"key":"{KEY}","method":"base64","x":{value}}}"#);
        assert_eq!(Request::json("/in.php", &body).refused(), Malformed, "{value}");
    }
    let nobody = Request::json("/in.php", r#"{"key":null,"method":"base64"}"#);
    assert!(nobody.call().credential.is_empty());
    let request = Request::json(
        "/in.php",
        &format!(r#"{{"key":"{KEY}","json":true,"method":"base64","body":"a\/+\u00e4","pingback":null,"numeric":1,"phrase":false}}"#),
    );
    let call = request.call();
    let submit = call.operation.submit().unwrap();
    assert!(call.form.json && submit.callback.is_none() && submit.field("pingback").is_none());
    assert!(
        submit.field("body").unwrap().is("a/+ä".as_bytes())
            && submit.field("phrase").unwrap().is(b"0")
            && submit.field("numeric").unwrap().is(b"1")
    );
    let megabyte = format!(r#"{{"key":"{}","method":"base64"}}"#, "x".repeat(1 << 20));
    assert_eq!(Request::json("/in.php", &megabyte).call().credential.expose().len(), 1 << 20);
}

#[test]
fn pc_19_a_hostile_body_costs_little() {
    let deep = format!(r#"{{"key":"K","x":{}"#, "[".repeat(100_000));
    let empties = format!(r#"{{"x":[{}[]]}}"#, "[],".repeat(600_000));
    let many = format!("key=K&method=post{}", (0..100_000).fold(String::new(), |all, n| all + &format!("&p{n}=x")));
    let same = format!("key=K{}", "&".repeat(2_000_000));
    for request in [
        Request::json("/in.php", &deep),
        Request::json("/in.php", &empties),
        Request::form("/in.php", &many),
        Request::form("/in.php", &same),
    ] {
        assert_eq!(request.refused(), Malformed);
    }
    let limit = (0..198).fold(format!("key={KEY}&method=post"), |all, n| all + &format!("&p{n}=x"));
    assert!(Request::form("/in.php", &limit).read().is_ok());
    assert_eq!(Request::form("/in.php", &format!("{limit}&p198=x")).refused(), Malformed);
}

#[test]
fn pc_20_a_credential_in_a_nested_value_is_no_credential() {
    let body = r#"{"method":"base64","task":{"clientKey":"K","key":"K"}}"#;
    assert_eq!(Request::json("/in.php", body).refused(), Malformed);
}

#[test]
fn pc_22_only_three_paths_are_known() {
    for path in [
        "/",
        "/in.php/",
        "/in.php/x",
        "//in.php",
        "/in.%70hp",
        "/IN.PHP",
        "/in.php%23",
        "/load.php",
        "/test",
        "/public#/in.php",
        "/blocked",
        "/in.php%3f",
        "",
        "/./in.php",
    ] {
        let request = Request::get(&format!("{path}?key={KEY}&method=post&json=1"));
        let misread = request.read().err().unwrap();
        assert_eq!((misread.code, misread.form.json), (OperationDenied, true), "{path}");
        assert_eq!(misread.credential.unwrap().expose(), KEY.as_bytes());
    }
    assert_eq!(Request::get(&format!("/blocked?x=/res.php&key={KEY}")).refused(), OperationDenied);
}

#[test]
fn the_bearer_must_agree_with_the_parameter() {
    let mut request = get("");
    for good in [format!("Bearer {KEY}"), format!("bearer {KEY}"), format!("BEARER  {KEY} ")] {
        request.authorization = Some(good.clone().into_bytes());
        assert!(request.read().is_ok(), "{good}");
    }
    for bad in ["Bearer x", "Bearer ", "Bearer", "Basic dXNlcjpwYXNz", "", KEY] {
        request.authorization = Some(bad.as_bytes().to_vec());
        assert_eq!(request.refused(), AmbiguousRequest, "{bad}");
    }
    let mut alone = Request::get("/res.php?action=getbalance");
    alone.authorization = Some(b"Bearer ' OR '1'='1".to_vec());
    assert_eq!(alone.call().credential.expose(), b"' OR '1'='1");
}

#[test]
fn id_02_whatever_stands_as_a_key_is_one_credential_and_nothing_is_none() {
    for (key, wanted) in [("", &b""[..]), ("+", b" "), ("x", b"x"), ("%00", b"\0"), ("%ff%fe", b"\xff\xfe")] {
        let request = Request::get(&format!("/res.php?key={key}&action=getbalance"));
        assert_eq!(request.call().credential.expose(), wanted);
    }
    assert!(Request::get("/res.php?action=getbalance").call().credential.is_empty());
}

#[test]
fn a_refusal_is_in_the_callers_form_and_names_its_key() {
    let request = Request::get(&format!("/res.php?key={KEY}&action=nothing&json=1"));
    let misread = request.read().err().unwrap();
    assert!(misread.form.json && misread.credential.is_some_and(|key| key.expose() == KEY.as_bytes()));
    for (request, json) in [
        (Request::form("/in.php?json=1", "key=a&key=b"), true),
        (Request::form("/in.php", "key=a&key=b&json=1"), true),
        (Request::json("/in.php", r#"{"key":"a","key":"b","json":1}"#), true),
        (Request::form("/in.php", "key=a&key=b"), false),
    ] {
        let misread = request.read().err().unwrap();
        assert!(misread.form.json == json && misread.credential.is_none(), "{}", request.shown());
    }
}

#[test]
fn the_form_is_asked_for_in_one_way() {
    for (more, form) in [("", TEXT), ("&json=1", JSON), ("&json=0", TEXT), ("&json=", TEXT)] {
        assert_eq!(get(more).call().form, form, "{more}");
    }
    assert!(get("&header_acao=1").call().form.header_acao);
    for more in ["&json=2", "&json=true", "&json=%31", "&json=01", "&header_acao=yes"] {
        assert_eq!(get(more).refused(), Malformed, "{more}");
    }
}

#[test]
fn ids_are_plain_and_at_most_a_hundred() {
    let ids = |ids: &str| Request::get(&format!("/res.php?key={KEY}&action=get&ids={ids}"));
    assert_eq!(ids("1,2,3").call().operation.tasks().len(), 3);
    assert_eq!(ids("1%2C2").call().operation.tasks().len(), 2);
    let hundred = vec!["7"; 100].join(",");
    assert_eq!(ids(&hundred).call().operation.tasks().len(), 100);
    for bad in ["", "1,", ",1", "1,,2", "1, 2", "1|2", &format!("{hundred},8")] {
        assert_eq!(ids(bad).refused(), Malformed, "{bad}");
    }
    for bad in ["", "%31", "1+", "1,2", "-%20", &"1".repeat(40)] {
        assert_eq!(Request::get(&format!("/res.php?key={KEY}&action=get&id={bad}")).refused(), Malformed, "{bad}");
    }
    assert_eq!(Request::get(&format!("/res.php?key={KEY}&action=get2&ids=1,2")).refused(), OperationDenied);
}

#[test]
fn eg_07_a_callback_is_typed_and_an_empty_one_is_none() {
    let request = get("&pingback=https%3A%2F%2Fhooks.example.com%2Fa");
    let call = request.call();
    assert_eq!(call.operation.submit().unwrap().callback.as_ref().unwrap().host(), Some("hooks.example.com"));
    assert!(get("&pingback=").call().operation.submit().unwrap().callback.is_none());
    let request = get("&pingback=javascript:x");
    let call = request.call();
    assert_eq!(call.operation.submit().unwrap().callback.as_ref().unwrap().host(), None);
}
