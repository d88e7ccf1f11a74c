//! Parameters that can be read in two ways: each is refused in the provider's words, and not a byte reaches the provider.

use anyhow::Result;
use serde_json::json;
use tollgate_tests::{FORM, Witness, get, post, submission};

/// What cannot be read in one way, and what is not on the list.
const CONFUSED: &[&str] = &["ambiguous_request", "malformed"];
const AMBIGUOUS: &[&str] = &["ambiguous_request"];
const DENIED: &[&str] = &["operation_denied"];

/// A submission without its key.
const TASK: &str = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";

/// In the query of a GET, in a form, and divided between a POST's query and its form.
fn everywhere(query: &str) -> Vec<String> {
    let mut all = vec![get(&format!("/in.php?{query}"), ""), post("/in.php", FORM, query), post("/in.php", "", query)];
    if let Some((first, rest)) = query.split_once('&') {
        all.push(post(&format!("/in.php?{first}"), FORM, rest));
    }
    all
}

/// Beside a whole submission, before it and behind it.
fn refuses_beside(witness: &Witness, parameters: &[String], codes: &[&str]) -> Result<()> {
    for parameter in parameters {
        for query in [format!("key={}&{TASK}&{parameter}", witness.key), format!("{parameter}&key={}&{TASK}", witness.key)]
            .iter()
            .flat_map(|query| everywhere(query))
        {
            witness.refuses(&query, codes)?;
        }
    }
    Ok(())
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn pc_01_two_keys_are_none() -> Result<()> {
    let witness = Witness::new()?;
    let (key, other) = (witness.key.clone(), witness.stand.key("other", json!({ "caps": ["1/day"] }))?);
    for keys in [
        format!("key={key}&key=X"),
        format!("key=X&key={key}"),
        format!("key={key}&key={other}"),
        format!("key={key}&key={key}&key={key}"),
        format!("key={key}&key="),
        format!("key=&key={key}"),
        format!("%6Bey={key}&key={other}"),
    ] {
        for request in [get(&format!("/in.php?{keys}&{TASK}"), ""), post("/in.php", FORM, &format!("{keys}&{TASK}"))] {
            witness.refuses(&request, AMBIGUOUS)?;
        }
    }
    witness.refuses(&post(&format!("/in.php?key={key}"), FORM, &format!("key={other}&{TASK}")), AMBIGUOUS)?;
    // the same key in the query and in the body is one key
    witness.passes(&post(&format!("/in.php?key={key}"), FORM, &format!("key={key}&{TASK}")))?;
    Ok(())
}

#[test]
fn pc_02_names_that_php_folds_into_the_key_are_no_key() -> Result<()> {
    let witness = Witness::new()?;
    let names = ["key[]=x", "key[0]=x", "key[x]=x", "key[=x", "key%5B%5D=x", "key%5b0%5d=x", "method[]=base64", "action[]=get"];
    refuses_beside(&witness, &owned(&names), AMBIGUOUS)?;
    for query in [format!("key[]={}&{TASK}", witness.key), format!("%6Bey={}&{TASK}", witness.key)] {
        for request in everywhere(&query) {
            witness.refuses(&request, AMBIGUOUS)?;
        }
    }
    witness.passes(&get(&submission(&witness.key), ""))?;
    Ok(())
}

#[test]
fn pc_04_05_a_name_that_is_not_plain_or_nearly_a_known_one_is_refused() -> Result<()> {
    let witness = Witness::new()?;
    let names = [
        "+key=x",
        "%20key=x",
        "%20%20key=x",
        "key%00=x",
        "key%00x=x",
        "key%0a=x",
        "key%0d%0aX=x",
        "%09key=x",
        "api.key=x",
        "page.url=x",
        "page_url=x",
        "PAGEURL=x",
        "KEY=x",
        "k_e_y=x",
        "Method=base64",
        "apikey=x",
        "api_key=x",
        "clientKey=x",
        "token=x",
        "%EF%BD%8Bey=x",
        "_method=DELETE",
    ];
    refuses_beside(&witness, &owned(&names), CONFUSED)?;
    // a plain name that nobody knows passes by value
    let said = witness.passes(&get(&format!("{}&userAgent=a%26key%3Dx", submission(&witness.key)), ""))?;
    assert!(said.contains("userAgent=a%26key%3Dx"), "{said}");
    Ok(())
}

#[test]
fn pc_07_odd_separators_have_one_outcome_and_never_two_keys() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    refuses_beside(&witness, &owned(&["=x", "key", "x", "?key=x"]), CONFUSED)?;
    witness.refuses(&get(&format!("/in.php??key={key}&{TASK}"), ""), AMBIGUOUS)?;
    // `;` separates nothing: it is a part of the value, and that is nobody's key
    witness.refuses(&get(&format!("/in.php?key={key};key=b&{TASK}"), ""), &["unauthenticated"])?;
    for query in [format!("key={key}&&{TASK}"), format!("key={key}&{TASK}&"), format!("&key={key}&{TASK}")] {
        let said = witness.passes(&get(&format!("/in.php?{query}"), ""))?;
        assert_eq!(said.matches("key=").count(), 2, "`key` and `googlekey`: {said}");
    }
    Ok(())
}

#[test]
fn pc_08_nothing_is_decoded_twice() -> Result<()> {
    let witness = Witness::new()?;
    refuses_beside(&witness, &owned(&["%256Bey=x", "x=%", "x=%4", "x=%zz", "x=%%41"]), CONFUSED)?;
    let said = witness.passes(&get(&format!("{}&userAgent=%2526key%253Dx", submission(&witness.key)), ""))?;
    assert!(said.contains("userAgent=%2526key%253Dx"), "{said}");
    Ok(())
}

#[test]
fn pc_10_11_the_action_and_the_method_that_are_judged_are_those_that_are_sent() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    for more in ["method=base64", "+method=base64", "method%00=base64", "method%20=base64", "id=1", "ids=1,2", "addr=https://x.example"] {
        for request in everywhere(&format!("key={key}&{TASK}&{more}")) {
            witness.refuses(&request, CONFUSED)?;
        }
    }
    let poll = format!("/res.php?key={key}&action=get&id=1");
    for body in ["action=add_pingback&addr=https://evil.example", "action=reportbad", "id=2"] {
        witness.refuses(&post(&poll, FORM, body), AMBIGUOUS)?;
    }
    for more in ["+action=add_pingback", "action[]=add_pingback", "action%00=add_pingback", "ids=1,2"] {
        witness.refuses(&get(&format!("{poll}&{more}"), ""), AMBIGUOUS)?;
    }
    for action in ["add_pingback", "get_pingback", "del_pingback", "GET", "get%20", "get3", "getbalance&id=1"] {
        witness.refuses(&get(&format!("/res.php?key={key}&action={action}&id=1"), ""), &["operation_denied", "ambiguous_request"])?;
    }
    // an unpriced method is none
    witness.refuses(&get(&format!("/in.php?key={key}&method=mystery&x=1"), ""), DENIED)?;
    Ok(())
}

#[test]
fn pc_22_23_se_02_eg_11_only_a_listed_path_is_a_way_and_what_stands_behind_it_is_none() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    for path in [
        "/in.php%23",
        "/in.php/",
        "/in.php/x",
        "/IN.PHP",
        "/in.%70hp",
        "/./in.php",
        "/x/../in.php",
        "//in.php",
        "/in.php;x",
        "/in.php%00",
        "/test",
        "/createTask",
        "/getTaskResult",
        "/getBalance",
        "/sendFunds",
        "/admin",
        "/_sandbox/books",
        "/blocked",
    ] {
        witness.refuses(&get(&format!("{path}?key={key}&{TASK}"), ""), DENIED)?;
        witness.refuses(&get(&format!("{path}?x=/res.php&key={key}&action=getbalance"), ""), DENIED)?;
    }
    // the echo of 2Captcha, which would show the real key to whoever asks
    let echo = format!(r#"{{"clientKey":"{key}","task":{{"type":"RecaptchaV2TaskProxyless"}}}}"#);
    for path in ["/test", "/createTask", "/getBalance"] {
        witness
            .refuses(&post(path, "Content-Type: application/json\r\n", &echo), &["operation_denied", "ambiguous_request", "malformed"])?;
    }
    // nothing behind `#` reaches a judgement or the provider: such a target is none
    for target in [format!("/public#/in.php?key={key}&{TASK}"), format!("/in.php?key={key}&{TASK}#x"), format!("/in.php#?key={key}&{TASK}")]
    {
        let answer = witness.send(&get(&target, ""))?;
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")), "{target}");
    }
    assert!(witness.stub.heard().is_empty());
    witness.passes(&get(&submission(&key), ""))?;
    Ok(())
}

#[test]
fn eg_07_a_callback_goes_where_the_key_may_call_and_nowhere_else() -> Result<()> {
    let witness = Witness::new()?;
    witness.stand.ask("PATCH", "/v1/keys/witness", Some(&json!({ "callbacks": ["hooks.example.com"] })))?;
    let with = |callback: &str| get(&format!("{}&pingback={callback}", submission(&witness.key)), "");
    for callback in [
        "https://evil.example/",
        "https://hooks.example.com.evil.example/",
        "https://hooks.example.com@evil.example/",
        "https://evil.example/hooks.example.com",
        "javascript:alert(1)",
        "https://127.0.0.1/",
        "https://2130706433/",
        "//hooks.example.com/",
        "https://hooks.example.com%0d%0aX:1/",
        "hooks.example.com",
        "file:///etc/passwd",
        "https://[::1]/",
        "https://sub.hooks.example.com/",
    ] {
        witness.refuses(&with(callback), &["callback_denied", "malformed", "ambiguous_request"])?;
    }
    let said = witness.passes(&with("https://hooks.example.com/done"))?;
    assert!(said.contains("pingback=https%3A%2F%2Fhooks.example.com%2Fdone"), "{said}");
    Ok(())
}

#[test]
fn i_19_nothing_of_a_refused_request_stands_in_the_log_but_its_reason() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    witness.refuses(&get(&format!("/in.php?key={key}&key=needle-in-a-key&{TASK}"), ""), AMBIGUOUS)?;
    witness.refuses(&get(&format!("/in.php?key={key}&needle-name=1&{TASK}"), ""), AMBIGUOUS)?;
    witness.refuses(&get("/in.php?key=needle-in-a-credential&method=base64", ""), &["unauthenticated"])?;
    let lines = witness.stand.lines("\"denied_by\"")?;
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in &lines {
        let text = line.to_string();
        assert!(!text.contains("needle") && !text.contains(&key), "{text}");
        assert!(line.pointer("/tollgate/reason").is_some(), "{text}");
    }
    Ok(())
}
