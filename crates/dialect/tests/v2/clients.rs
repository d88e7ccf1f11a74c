//! What real clients send (PROTOCOLS A.2, B.2) is understood, and goes on in one spelling.

use tollgate_dialect::{Operation, Verb};

use crate::support::{KEY, REAL, Request, encoded, profile, sent};

#[test]
fn python_anticaptchas_task_is_written_anew_with_our_key_first() {
    let request = Request::post(
        "/createTask",
        &format!(
            r#"{{"clientKey": "{KEY}", "task": {{"type": "NoCaptchaTaskProxyless", "websiteURL": "https:\/\/example.com\/\u00e4", "websiteKey": "k", "isInvisible": false, "minScore": 0.30}}, "softId": 847, "languagePool": "en"}}"#
        ),
    );
    let call = request.call();
    assert_eq!(call.credential.expose(), KEY.as_bytes());
    assert_eq!((call.operation.name(), call.operation.submit().unwrap().method), ("submit", "NoCaptchaTaskProxyless"));
    let out = encoded(&call.operation, &profile("anticaptcha"));
    assert_eq!((out.method.as_str(), &out.target[..], &out.content_type[..]), ("POST", &b"/createTask"[..], &b"application/json"[..]));
    assert_eq!(out.authorization, b"");
    assert_eq!(
        String::from_utf8(out.body).unwrap(),
        format!(
            r#"{{"clientKey":"{REAL}","task":{{"type":"NoCaptchaTaskProxyless","websiteURL":"https://example.com/ä","websiteKey":"k","isInvisible":false,"minScore":0.30}},"softId":847,"languagePool":"en"}}"#
        )
    );
}

#[test]
fn every_kind_of_client_is_understood() {
    let ok = |request: &Request, name: &str| request.call_of(name).operation.is_billable();
    // anticaptchaofficial: empty strings and false where nothing is meant
    assert!(ok(
        &Request::task(r#","websiteURL":"u","websiteKey":"","websiteSToken":"","recaptchaDataSValue":"","comment":false"#),
        "anticaptcha"
    ));
    // python-rucaptcha, python3-capsolver: null is no callback
    let rucaptcha =
        Request::create(r#""task":{"type":"ImageToTextTask","body":"aa=="},"callbackUrl":null,"languagePool":"en","soft_id":"1899""#);
    assert!(ok(&rucaptcha, "anticaptcha") && rucaptcha.call().operation.submit().unwrap().callback.is_none());
    assert!(sent(&rucaptcha.call().operation, "anticaptcha").ends_with(r#","languagePool":"en","softId":"1899"}"#));
    assert!(ok(
        &Request::create(r#""appId":"A1","task":{"type":"ReCaptchaV2TaskProxyLess","websiteURL":"u"},"callbackUrl":null"#),
        "capsolver"
    ));
    // what is null in a task is the provider's to read, and is no callback either
    let nulls = Request::task(r#","proxy":null,"callbackUrl":null"#);
    assert!(sent(&nulls.call().operation, "anticaptcha").ends_with(r#""RecaptchaV2TaskProxyless","proxy":null}}"#));
    // a charset, and no content type at all
    let mut request = Request::task("");
    for kind in [Some("application/json; charset=utf-8"), Some("application/json;charset=UTF-8"), None] {
        request.content_type = kind;
        assert!(ok(&request, "anticaptcha"), "{kind:?}");
    }
    // python-anticaptcha says whose program asks for the balance
    assert!(matches!(
        Request::post("/getBalance", &format!(r#"{{"clientKey":"{KEY}","softId":847}}"#)).call().operation,
        Operation::Balance
    ));
}

#[test]
fn capsolvers_key_stands_in_header_and_body_and_goes_on_in_both() {
    let mut request = Request::create(r#""task":{"type":"ReCaptchaV2TaskProxyLess"}"#);
    request.authorization = Some(format!("Bearer {KEY}"));
    let call = request.call_of("capsolver");
    assert_eq!(call.credential.expose(), KEY.as_bytes());
    let out = encoded(&call.operation, &profile("capsolver"));
    assert_eq!(out.authorization, format!("Bearer {REAL}").into_bytes());
    assert!(out.body.starts_with(format!(r#"{{"clientKey":"{REAL}","#).as_bytes()));
}

#[test]
fn ids_go_on_in_the_providers_form() {
    let poll = |id: &str| Request::post("/getTaskResult", &format!(r#"{{"clientKey":"{KEY}","taskId":{id}}}"#));
    for id in ["7654321", r#""7654321""#] {
        assert_eq!(sent(&poll(id).call().operation, "anticaptcha"), format!(r#"{{"clientKey":"{REAL}","taskId":7654321}}"#));
    }
    let uuid = "61138bb6-19fb-11ec-a9c8-0242ac110006";
    assert_eq!(
        sent(&poll(&format!("\"{uuid}\"")).call_of("capsolver").operation, "capsolver"),
        format!(r#"{{"clientKey":"{REAL}","taskId":"{uuid}"}}"#)
    );
    // no number of JSON's: it goes on as the text that it is
    assert_eq!(sent(&poll(r#""007""#).call().operation, "anticaptcha"), format!(r#"{{"clientKey":"{REAL}","taskId":"007"}}"#));
}

#[test]
fn reports_are_those_of_the_profile() {
    let report = |path: &str, more: &str| Request::post(path, &format!(r#"{{"clientKey":"{KEY}","taskId":7654321{more}}}"#));
    for (path, good) in [
        ("/reportIncorrectImageCaptcha", false),
        ("/reportIncorrectRecaptcha", false),
        ("/reportCorrectRecaptcha", true),
        ("/reportIncorrectHcaptcha", false),
    ] {
        let request = report(path, "");
        let call = request.call();
        assert!(matches!(call.operation, Operation::Report { good: said, .. } if said == good), "{path}");
        let out = encoded(&call.operation, &profile("anticaptcha"));
        assert_eq!((&out.target[..], &out.body[..]), (path.as_bytes(), format!(r#"{{"clientKey":"{REAL}","taskId":7654321}}"#).as_bytes()));
        assert!(request.read(&profile("capsolver")).is_err(), "{path} is not CapSolver's");
    }
    for (invalid, good) in [("true", false), ("false", true)] {
        let feedback = report("/feedbackTask", &format!(r#","result":{{"invalid":{invalid},"code":1001,"message":"invalid token"}}"#));
        let call = feedback.call_of("capsolver");
        assert!(matches!(call.operation, Operation::Report { good: said, verb: Verb::FeedbackTask, .. } if said == good));
        assert_eq!(
            sent(&call.operation, "capsolver"),
            format!(r#"{{"clientKey":"{REAL}","taskId":"7654321","result":{{"invalid":{invalid}}}}}"#)
        );
        assert!(feedback.read(&profile("anticaptcha")).is_err());
    }
    for result in ["", r#","result":true"#, r#","result":{}"#, r#","result":{"invalid":1}"#, r#","result":{"invalid":true,"x":1}"#] {
        assert!(report("/feedbackTask", result).read(&profile("capsolver")).is_err(), "{result}");
    }
}
