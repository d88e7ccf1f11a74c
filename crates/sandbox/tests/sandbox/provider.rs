//! What does a client see of the provider, in text and in JSON?

use crate::client::{Client, KEY, RECAPTCHA, sandbox};
use serde_json::json;
use tollgate_sandbox::{Options, Pricing, Sandbox};

#[tokio::test]
async fn a_task_is_taken_and_answered_in_text() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let id = client.submit().await;
    let answer = client.get(&format!("/res.php?key={KEY}&action=get&id={id}")).await;
    assert!(answer.body.starts_with("OK|03AGdBq2"), "{}", answer.body);
    assert!(answer.body.len() > 400, "as long as a token");
    let priced = client.get(&format!("/res.php?key={KEY}&action=get2&id={id}")).await;
    assert_eq!(priced.body, format!("{}|0.001", answer.body));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; charset=utf-8")));
}

#[tokio::test]
async fn a_task_is_taken_and_answered_in_json() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let receipt = client.get(&format!("/in.php?key={KEY}&json=1&header_acao=1{RECAPTCHA}")).await;
    assert_eq!(receipt.header("access-control-allow-origin"), Some("*"));
    let receipt = receipt.json();
    assert_eq!(receipt["status"], 1);
    let id = receipt["request"].as_str().unwrap();
    assert!(id.len() == 10 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let answer = client.get(&format!("/res.php?key={KEY}&action=get&id={id}&json=1")).await.json();
    let token = answer["request"].as_str().unwrap();
    assert_eq!(answer, json!({"status": 1, "request": token}));
    let priced = client.get(&format!("/res.php?key={KEY}&action=get2&id={id}&json=1")).await.json();
    assert_eq!(priced, json!({"status": 1, "request": token, "price": "0.001"}));
}

#[tokio::test]
async fn a_submission_is_read_from_query_form_multipart_and_json() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let image = "A".repeat(200);
    let form = format!("key={KEY}&method=base64&body={image}");
    let part = format!("--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n{KEY}\r\n--b\r\n");
    let file = format!("{part}Content-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n{image}\r\n--b--\r\n");
    let json = json!({"key": KEY, "method": "base64", "body": image, "soft_id": 1}).to_string();
    for (content_type, body) in [
        ("Content-Type: application/x-www-form-urlencoded\r\n", &form),
        ("", &form),
        ("Content-Type: multipart/form-data; boundary=b\r\n", &file),
        ("Content-Type: application/json\r\n", &json),
    ] {
        let answer = client.post("/in.php", content_type, body).await;
        assert!(answer.body.starts_with("OK|"), "{content_type} {}", answer.body);
    }
    assert_eq!(running.books()["tasks"], 4);
}

#[tokio::test]
async fn solve_php_answers_in_the_submit_reply() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"solve_ms": 30})).await;
    let body = format!("key={KEY}&method=base64&body={}", "A".repeat(200));
    let text = client.post("/solve.php", "", &body).await.body;
    assert!(text.starts_with("OK|SANDBOX-"), "{text}");
    let json = client.post("/solve.php", "", &format!("{body}&json=1")).await.json();
    assert!(json["request"].as_str().unwrap().starts_with("SANDBOX-"), "{json}");
    assert_eq!(running.books()["charged"], "0.002000000");
    client.mode(json!({"outcome": "unsolvable"})).await;
    assert_eq!(client.post("/solve.php", "", &body).await.body, "ERROR_CAPTCHA_UNSOLVABLE");
    assert_eq!(running.books()["charged"], "0.002000000");
}

#[tokio::test]
async fn several_ids_are_answered_in_their_order() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"answer": "a|b"})).await;
    let (first, second) = (client.submit().await, client.submit().await);
    let answer = client.get(&format!("/res.php?key={KEY}&action=get&ids={first},1,{second}")).await;
    assert_eq!(answer.body, "a|b|ERROR_WRONG_CAPTCHA_ID|a|b");
    let json = client.get(&format!("/res.php?key={KEY}&action=get&ids={first}&json=1")).await.json();
    assert_eq!(json, json!({"status": 1, "request": "a|b"}));
}

#[tokio::test]
async fn methods_answer_in_their_own_shape() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let image = format!("method=base64&body={}", "A".repeat(200));
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Sandbox/1.0";
    for (parameters, members) in [
        ("textcaptcha=one+and+one", vec!["request"]),
        ("method=geetest&gt=g&challenge=c&pageurl=p", vec!["request"]),
        ("method=captchafox&sitekey=s&pageurl=p", vec!["request", "user_agent"]),
        ("method=cloudflare_challenge&pageurl=p", vec!["result", "user_agent"]),
        ("method=userrecaptcha&enterprise=1&googlekey=k&pageurl=p", vec!["request", "result", "user_agent"]),
        ("method=lemin&captcha_id=c&pageurl=p", vec!["request"]),
        (&format!("{image}&grid_size=3x3"), vec!["request"]),
        (&image, vec!["request"]),
    ] {
        let id = client.submit_as(parameters).await;
        let text = client.get(&format!("/res.php?key={KEY}&action=get&id={id}")).await.body;
        let answer = text.strip_prefix("OK|").unwrap();
        let page = client.get(&format!("/res.php?key={KEY}&action=get&id={id}&json=1")).await.json();
        assert_eq!(page.as_object().unwrap().len(), 1 + members.len(), "{page}");
        for member in members {
            let value = page[member].as_str().map_or_else(|| page[member].to_string(), str::to_owned);
            assert_eq!(value, if member == "user_agent" { agent } else { answer }, "{parameters}");
        }
    }
}

#[tokio::test]
async fn structured_answers_are_json_within_json() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let geetest = client.submit_as("method=geetest&gt=g&challenge=c&pageurl=p").await;
    let page = client.get(&format!("/res.php?key={KEY}&action=get&id={geetest}&json=1")).await.json();
    assert_eq!(page["request"]["geetest_seccode"], format!("SANDBOX-{geetest}|jordan"));
    let cells = client.submit_as("method=bls&instructions=1").await;
    let page = client.get(&format!("/res.php?key={KEY}&action=get&id={cells}&json=1")).await.json();
    assert_eq!(page["request"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn balance_and_threads_are_told() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"balance": "10", "price": "0.1", "threads": 5, "solve_ms": 60_000})).await;
    client.submit().await;
    let ask = |action: &str| format!("/res.php?key={KEY}&action={action}");
    assert_eq!(client.get(&ask("getbalance")).await.body, "9.9");
    assert_eq!(client.get(&ask("getbalance&json=1")).await.json(), json!({"status": 1, "request": "9.9"}));
    assert_eq!(client.get(&ask("threadsinfo")).await.body, "OK|5|1");
    let threads = client.post("/res.php", "", &format!("key={KEY}&action=threadsinfo&json=1")).await.json();
    assert_eq!(threads, json!({"status": 1, "threads": "5", "working_threads": "1"}));
}

#[tokio::test]
async fn reports_are_recorded_once() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let id = client.submit().await;
    let report = |action: &str| format!("/res.php?key={KEY}&action={action}&id={id}");
    assert_eq!(client.get(&report("reportbad")).await.body, "ERROR_REPORT_NOT_RECORDED");
    client.get(&report("get")).await;
    let recorded = client.get(&report("reportbad&json=1")).await.json();
    assert_eq!(recorded, json!({"status": 1, "request": "OK_REPORT_RECORDED"}));
    assert_eq!(client.get(&report("reportgood")).await.body, "ERROR_DUPLICATE_REPORT");
    assert_eq!(running.books()["reports"], json!({"good": 0, "bad": 1}));
}

#[tokio::test]
async fn pingbacks_change_the_account() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let ask = |rest: &str| format!("/res.php?key={KEY}&action={rest}");
    assert_eq!(client.get(&ask("add_pingback")).await.body, "ERROR_IP_ADDRES");
    for host in ["a", "b", "c"] {
        assert_eq!(client.get(&ask(&format!("add_pingback&addr={host}"))).await.body, "OK");
    }
    client.get(&ask("del_pingback&addr=b")).await;
    assert_eq!(client.get(&ask("get_pingback")).await.body, "OK|a|c");
    assert_eq!(running.books()["pingbacks"], json!(["a", "c"]));
    client.get(&ask("del_pingback&addr=all")).await;
    assert_eq!(running.books()["pingbacks"], json!([]));
}

#[tokio::test]
async fn test_echoes_the_request_with_its_key() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let body = json!({"clientKey": KEY, "task": {"a": 1}}).to_string();
    let echo = client.post("/test", "Content-Type: application/json\r\nX-A: b\r\n", &body).await.json();
    assert_eq!((&echo["body"]["clientKey"], &echo["url"], &echo["method"]), (&json!(KEY), &json!("/test"), &json!("POST")));
    assert!(echo["headers"].as_array().unwrap().contains(&json!(["X-A", "b"])));
}

#[tokio::test]
async fn keys_are_refused_in_the_provider_s_words() {
    let running = sandbox().await;
    let client = Client::new(&running);
    for (key, code) in [("", "ERROR_WRONG_USER_KEY"), ("short", "ERROR_WRONG_USER_KEY"), (&"f".repeat(32), "ERROR_KEY_DOES_NOT_EXIST")] {
        for path in ["/in.php?", "/res.php?action=getbalance&", "/solve.php?"] {
            assert_eq!(client.get(&format!("{path}key={key}{RECAPTCHA}")).await.body, code);
            let json = client.get(&format!("{path}key={key}{RECAPTCHA}&json=1")).await.json();
            assert_eq!(json, json!({"status": 0, "request": code}));
        }
    }
    assert_eq!(client.get("/res.php?action=getbalance").await.body, "ERROR_WRONG_USER_KEY");
    let books = running.books();
    assert_eq!((&books["wrong_keys"], &books["tasks"]), (&json!(19), &json!(0)));
}

#[tokio::test]
async fn bad_input_is_refused_and_not_charged() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let small = "A".repeat(132); // 99 bytes
    for (input, code) in [
        ("", "ERROR_METHOD_CALL"),
        ("method=nonsense", "ERROR_METHOD_CALL"),
        ("method=post", "ERROR_UPLOAD"),
        ("method=userrecaptcha&pageurl=https://a.example/", "ERROR_GOOGLEKEY"),
        ("method=userrecaptcha&googlekey=k", "ERROR_PAGEURL"),
        ("method=turnstile&pageurl=https://a.example/", "ERROR_BAD_PARAMETERS"),
        (&format!("method=base64&body={small}"), "ERROR_ZERO_CAPTCHA_FILESIZE"),
        ("method=base64&body=*", "ERROR_WRONG_FILE_EXTENSION"),
        (&format!("method=base64&body={}", "A".repeat(1_398_104)), "ERROR_TOO_BIG_CAPTCHA_FILESIZE"),
    ] {
        assert_eq!(client.post("/in.php", "", &format!("key={KEY}&{input}")).await.body, code);
    }
    assert_eq!((&running.books()["gross"], &running.books()["tasks"]), (&json!("0.000000000"), &json!(0)));
    for (input, code) in [
        ("", "ERROR_EMPTY_ACTION"),
        ("action=sendfunds", "ERROR_EMPTY_ACTION"),
        ("action=get", "ERROR_WRONG_ID_FORMAT"),
        ("action=get&id=x1", "ERROR_WRONG_ID_FORMAT"),
        ("action=get2&id=1", "ERROR_WRONG_CAPTCHA_ID"),
        ("action=reportbad&id=1", "ERROR_WRONG_CAPTCHA_ID"),
    ] {
        assert_eq!(client.get(&format!("/res.php?key={KEY}&{input}")).await.body, code, "{input}");
    }
}

#[tokio::test]
async fn an_image_of_the_allowed_sizes_is_taken() {
    let running = sandbox().await;
    let client = Client::new(&running);
    for length in [134, 1_398_102] {
        // 100 bytes and 1 MiB
        let body = format!("key={KEY}&method=base64&body=data:image/png;base64,{}", "A".repeat(length));
        assert!(client.post("/in.php", "", &body).await.body.starts_with("OK|"), "{length}");
    }
}

#[tokio::test]
async fn a_request_that_php_misreads_is_misread_here() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let wrong = "f".repeat(32);
    for (target, body) in [
        (format!("/in.php?key={KEY}&key={wrong}{RECAPTCHA}"), String::new()),
        (format!("/in.php?key={KEY}&key[]={wrong}{RECAPTCHA}"), String::new()),
        (format!("/in.php?key={KEY}{RECAPTCHA}"), format!("+key={wrong}")),
    ] {
        assert_eq!(client.post(&target, "", &body).await.body, "ERROR_KEY_DOES_NOT_EXIST", "{target} {body}");
    }
    let balance = format!("/res.php?key={KEY}&action=get&id=1");
    assert_eq!(client.post(&balance, "", "action=getbalance").await.body, "1000");
    for path in ["//in.php", "/./in.php", "/%69n.php", "/in.php/x", "/a/../in.php"] {
        assert!(client.get(&format!("{path}?key={KEY}{RECAPTCHA}")).await.body.starts_with("OK|"), "{path}");
    }
    for path in ["/In.php", "/", "/in.php2", "/a/in.php", "/createtask"] {
        assert_eq!(client.get(&format!("{path}?key={KEY}{RECAPTCHA}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn money_is_spent_only_while_there_is_some() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"balance": "0.25", "price": "0.1", "prices": {"turnstile": "0.05"}})).await;
    client.submit().await;
    client.submit().await;
    assert_eq!(client.get(&format!("/in.php?key={KEY}{RECAPTCHA}")).await.body, "ERROR_ZERO_BALANCE");
    client.submit_as("method=turnstile&sitekey=s&pageurl=p").await;
    let books = running.books();
    assert_eq!(books["by_key"], json!({KEY: {"charged": "0.250000000", "tasks": 3}}));
    assert_eq!((&books["charged"], &books["balance"], &books["tasks"]), (&json!("0.250000000"), &json!("0.000000000"), &json!(3)));
}

#[tokio::test]
async fn a_plan_of_threads_costs_no_money_and_bounds_the_work() {
    let options = Options { keys: vec![KEY.into()], pricing: Pricing::Threads, threads: Some(2), ..Options::default() };
    let running = Sandbox::start(options).await.unwrap();
    let client = Client::new(&running);
    client.mode(json!({"solve_ms": 300, "cost": "1"})).await;
    let id = client.submit().await;
    client.submit().await;
    assert_eq!(client.get(&format!("/in.php?key={KEY}{RECAPTCHA}")).await.body, "ERROR_NO_SLOT_AVAILABLE");
    let poll = format!("/res.php?key={KEY}&action=get2&id={id}");
    assert_eq!(client.get(&poll).await.body, "CAPCHA_NOT_READY");
    assert_eq!(client.get(&format!("{poll}&json=1")).await.json(), json!({"status": 0, "request": "CAPCHA_NOT_READY"}));
    while running.books()["working"] != 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(client.get(&poll).await.body.ends_with("|0"));
    client.submit().await;
    assert_eq!((&running.books()["charged"], &running.books()["tasks"]), (&json!("0.000000000"), &json!(3)));
}

#[tokio::test]
async fn a_fresh_key_is_thirty_two_hex_characters_and_another_each_time() {
    let options = || Options::default();
    let (one, other) = (Sandbox::start(options()).await.unwrap(), Sandbox::start(options()).await.unwrap());
    assert!(one.real_key.len() == 32 && one.real_key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_ne!(one.real_key, other.real_key);
    let balance = format!("/res.php?key={}&action=getbalance", one.real_key);
    assert_eq!(Client::new(&one).get(&balance).await.body, "1000");
    assert_eq!(Client::new(&other).get(&balance).await.body, "ERROR_KEY_DOES_NOT_EXIST");
}
