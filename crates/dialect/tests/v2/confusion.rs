//! What could be read in two ways is refused, and what is not on the list is denied.

use tollgate_model::DenialCode::{self, AmbiguousRequest, Malformed, OperationDenied};

use crate::support::{KEY, Request, profile};

#[test]
fn pc_16_a_json_name_twice_escaped_or_in_another_case_is_ambiguous() {
    let task = r#""task":{"type":"RecaptchaV2TaskProxyless"}"#;
    for body in [
        format!(r#"{{"clientKey":"{KEY}","clientKey":"x",{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}","client\u004bey":"x",{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}","clientkey":"x",{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}","client_key":"x",{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}","key":"x",{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},{task}}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},"Task":{{"type":"ImageToTextTask"}}}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},"callback_url":"https://e.example"}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},"softId":1,"soft_id":2}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},"appId":"{KEY}"}}"#),
        format!(r#"{{"clientKey":"{KEY}",{task},"taskId":5}}"#),
    ] {
        assert_eq!(Request::post("/createTask", &body).refused(), AmbiguousRequest, "{body}");
    }
    for members in [
        r#","type":"ImageToTextTask""#,
        r#","Type":"ImageToTextTask""#,
        r#","ty\u0070e":"ImageToTextTask""#,
        r#","websiteURL":"a","websiteUrl":"b""#,
        r#","a":{"b":1,"b":2}"#,
        r#","a":[{"b":1,"b":2}]"#,
        r#","x y":1"#,
        r#","":1"#,
    ] {
        assert_eq!(Request::task(members).refused(), AmbiguousRequest, "{members}");
    }
}

#[test]
fn pc_17_a_key_of_another_kind_is_no_key() {
    for value in [r#"{"$ne":1}"#, "[]", "1", "true", "null"] {
        let body = format!(r#"{{"clientKey":{value},"task":{{"type":"ImageToTextTask"}}}}"#);
        assert_eq!(Request::post("/createTask", &body).refused(), Malformed, "{value}");
    }
    let none = Request::post("/createTask", r#"{"task":{"type":"ImageToTextTask"}}"#);
    assert!(none.call().credential.is_empty(), "the gate refuses it as nobody's");
}

#[test]
fn pc_19_depth_and_width_are_bounded() {
    let deep = |depth: usize| format!(r#","a":{}1{}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(Request::task(&deep(14)).read(&profile("anticaptcha")).is_ok());
    for depth in [15, 128, 100_000] {
        assert_eq!(Request::task(&deep(depth)).refused(), Malformed, "{depth}");
    }
    let wide: Vec<String> = (0..101).map(|n| format!("\"n{n}\":[]")).collect();
    assert_eq!(Request::task(&format!(",{}", wide.join(","))).refused(), Malformed);
}

#[test]
fn pc_20_nothing_nested_is_taken_for_a_credential_or_a_callback() {
    for name in ["clientKey", "client_key", "apiKey", "api_key", "key", "KEY"] {
        assert_eq!(Request::task(&format!(r#","{name}":"x""#)).refused(), AmbiguousRequest, "{name}");
    }
    for name in ["callbackUrl", "callback_url", "pingback", "webhook"] {
        assert_eq!(Request::task(&format!(r#","{name}":"https://e.example""#)).refused(), OperationDenied, "{name}");
    }
    // a login of the caller's own proxy is a value like another
    assert!(Request::task(r#","proxyLogin":"user","proxyPassword":"pass""#).read(&profile("anticaptcha")).is_ok());
    // ours never reaches a provider, however it is written and however deep it lies
    let escaped = KEY.replace('_', "\\u005f");
    for value in [KEY, &escaped, &format!("\\{KEY}")] {
        for members in [format!(r#","x":"{value}""#), format!(r#","x":{{"y":["a {value} b"]}}"#)] {
            assert_eq!(Request::task(&members).refused(), AmbiguousRequest, "{members}");
        }
    }
}

#[test]
fn two_places_of_the_key_agree_or_the_request_is_ambiguous() {
    let mut request = Request::task("");
    for (header, understood) in [
        (format!("Bearer {KEY}"), true),
        ("Bearer other".to_owned(), false),
        ("Bearer ".to_owned(), false),
        ("Basic abc".to_owned(), false),
        (KEY.to_owned(), false),
    ] {
        request.authorization = Some(header.clone());
        assert_eq!(request.read(&profile("capsolver")).is_ok(), understood, "{header}");
    }
    request.body = br#"{"task":{"type":"RecaptchaV2TaskProxyless"}}"#.to_vec();
    request.authorization = Some(format!("Bearer {KEY}"));
    assert_eq!(request.call_of("capsolver").credential.expose(), KEY.as_bytes());
}

#[test]
fn everything_that_is_not_on_the_list_is_denied() {
    for path in [
        "/sendFunds",
        "/test",
        "/getToken",
        "/getAppStats",
        "/getSpendingStats",
        "/getQueueStats",
        "/pushAntigateVariable",
        "/feedbackTask",
        "/reportCorrect",
        "/in.php",
        "/res.php",
        "/createTask/",
        "//createTask",
        "/createtask",
        "/createTask%20",
        "/",
        "",
    ] {
        let request = Request { target: path.into(), ..Request::task("") };
        assert_eq!(request.refused(), OperationDenied, "{path}");
    }
}

#[test]
fn what_does_not_belong_there_is_refused() {
    let refused = |change: &dyn Fn(&mut Request)| -> DenialCode {
        let mut request = Request::task("");
        change(&mut request);
        request.refused()
    };
    assert_eq!(refused(&|request| request.get = true), Malformed);
    assert_eq!(refused(&|request| request.target.push_str("?clientKey=x")), AmbiguousRequest);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json; charset=utf-16"] {
        assert_eq!(refused(&|request| request.content_type = Some(kind)), Malformed, "{kind}");
    }
    for members in [
        r#""task":[]"#,
        r#""task":"ImageToTextTask""#,
        r#""task":{}"#,
        r#""task":null"#,
        r#""task":{"type":1}"#,
        r#""task":{"type":""}"#,
        r#""task":{"type":"Image To Text"}"#,
        r#""task":{"type":"Image\u0054oTextTask"}"#,
        r#""task":{"type":"a"},"amount":5"#,
        r#""task":{"type":"a"},"softId":{}"#,
        r#""task":{"type":"a"},"languagePool":"a b""#,
        r#""task":{"type":"a"},"callbackUrl":7"#,
    ] {
        assert_eq!(Request::create(members).refused(), Malformed, "{members}");
    }
    for id in ["-1", "1.0", "1e3", "null", "true", "[1]", r#""""#, r#""a b""#, r#""\u0037""#, &format!("\"{}\"", "1".repeat(40))] {
        let poll = Request::post("/getTaskResult", &format!(r#"{{"clientKey":"{KEY}","taskId":{id}}}"#));
        assert_eq!(poll.refused(), Malformed, "{id}");
    }
}

#[test]
fn eg_07_a_callback_is_judged_by_its_host_and_an_empty_one_is_none() {
    let host = |url: &str| {
        let request = Request::create(&format!(r#""task":{{"type":"a"}},"callbackUrl":{url}"#));
        let call = request.call();
        call.operation.submit().unwrap().callback.as_ref().map(|callback| callback.host().map(str::to_owned))
    };
    assert_eq!(host(r#""https:\/\/hooks.example.com\/a""#), Some(Some("hooks.example.com".to_owned())));
    assert_eq!(host(r#""https://a@hooks.example.com/""#), Some(None));
    assert_eq!((host("null"), host(r#""""#)), (None, None));
}
