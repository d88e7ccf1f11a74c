//! What does a client see of the provider in JSON, as Anti-Captcha and as CapSolver say it?

use serde_json::{Value, json};
use tollgate_sandbox::Running;

use crate::client::{Client, KEY, Seen, sandbox};

const JSON: &str = "Content-Type: application/json\r\n";

async fn ask(client: &Client, path: &str, key: &str, mut body: Value) -> Seen {
    if let Some(members) = body.as_object_mut() {
        members.insert("clientKey".into(), json!(key));
    }
    client.post(path, JSON, &body.to_string()).await
}

async fn capsolver() -> (Running, Client) {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"family": "capsolver"})).await;
    (running, client)
}

#[tokio::test]
async fn anti_captchas_task_is_taken_by_number_and_answered_with_its_cost() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"prices": {"ImageToTextTask": "0.0007"}})).await;
    let task = json!({"task": {"type": "ImageToTextTask", "body": "aa=="}});
    let taken = ask(&client, "/createTask", KEY, task).await.json();
    let id = taken["taskId"].as_u64().unwrap();
    assert_eq!(taken, json!({"errorId": 0, "taskId": id}));
    let answer = ask(&client, "/getTaskResult", KEY, json!({"taskId": id})).await.json();
    assert_eq!((&answer["status"], &answer["cost"], &answer["ip"]), (&json!("ready"), &json!("0.000700"), &json!("127.0.0.1")));
    assert_eq!(answer["solution"]["text"], format!("SANDBOX-{id}"));
    let report = ask(&client, "/reportIncorrectImageCaptcha", KEY, json!({"taskId": id})).await.json();
    assert_eq!(report, json!({"errorId": 0, "status": "success"}));
    assert_eq!(ask(&client, "/getBalance", KEY, json!({})).await.json()["balance"], json!(999.9993));
    assert_eq!((&running.books()["charged"], &running.books()["reports"]["bad"]), (&json!("0.000700000"), &json!(1)));
}

#[tokio::test]
async fn capsolvers_ids_are_uuids_and_images_are_answered_at_once() {
    let (running, client) = capsolver().await;
    let image = ask(&client, "/createTask", KEY, json!({"task": {"type": "ImageToTextTask", "body": "aa=="}})).await.json();
    assert_eq!((&image["status"], image["taskId"].as_str().unwrap().len()), (&json!("ready"), 36));
    assert!(image["solution"]["text"].as_str().unwrap().starts_with("SANDBOX-") && image.get("cost").is_none());
    let taken = ask(&client, "/createTask", KEY, json!({"task": {"type": "ReCaptchaV2TaskProxyLess", "websiteKey": "k"}})).await.json();
    assert_eq!(taken["status"], "idle");
    let id = &taken["taskId"];
    let answer = ask(&client, "/getTaskResult", KEY, json!({"taskId": id})).await.json();
    assert!(answer["solution"]["gRecaptchaResponse"].as_str().unwrap().len() > 400);
    let report = ask(&client, "/feedbackTask", KEY, json!({"taskId": id, "result": {"invalid": true}})).await;
    assert_eq!((report.status, &running.books()["reports"]["bad"]), (200, &json!(1)));
}

#[tokio::test]
async fn each_family_refuses_in_its_own_status_and_number() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let wrong = "f".repeat(32);
    let task = json!({"task": {"type": "RecaptchaV2TaskProxyless", "websiteKey": "k"}});
    for (family, [auth, unknown, id]) in [
        (
            "anticaptcha",
            [(200, 1, "ERROR_KEY_DOES_NOT_EXIST"), (200, 23, "ERROR_TASK_NOT_SUPPORTED"), (200, 16, "ERROR_NO_SUCH_CAPCHA_ID")],
        ),
        ("capsolver", [(401, 1, "ERROR_KEY_DOES_NOT_EXIST"), (400, 1, "ERROR_TASK_NOT_SUPPORTED"), (400, 1, "ERROR_TASKID_INVALID")]),
    ] {
        client.mode(json!({ "family": family })).await;
        let met = [
            (ask(&client, "/createTask", &wrong, task.clone()).await, auth),
            (ask(&client, "/createTask", KEY, json!({"task": {"type": "X"}})).await, unknown),
            (ask(&client, "/getTaskResult", KEY, json!({"taskId": 5})).await, id),
        ];
        for (seen, (status, number, word)) in met {
            let page = seen.json();
            assert_eq!((seen.status, &page["errorId"], &page["errorCode"]), (status, &json!(number), &json!(word)), "{family}");
        }
    }
    assert_eq!(running.books()["tasks"], 0);
}

#[tokio::test]
async fn a_lenient_reader_takes_the_last_of_a_name_and_both_places_of_the_key() {
    let (running, client) = capsolver().await;
    let wrong = "f".repeat(32);
    let task = r#""task":{"type":"ReCaptchaV2TaskProxyLess","websiteKey":"k"}"#;
    let twice = format!(r#"{{"clientKey":"{wrong}","clientKey":"{KEY}",{task}}}"#);
    assert_eq!(client.post("/createTask", JSON, &twice).await.status, 200);
    let once = format!(r#"{{"clientKey":"{KEY}",{task}}}"#);
    for (header, status) in [(KEY, 200), (wrong.as_str(), 401)] {
        assert_eq!(client.post("/createTask", &format!("{JSON}Authorization: Bearer {header}\r\n"), &once).await.status, status);
    }
    assert_eq!(running.books()["tasks"], 2);
}

#[tokio::test]
async fn what_no_gate_should_let_through_is_there() {
    let (running, client) = capsolver().await;
    ask(&client, "/sendFunds", KEY, json!({"accountLogin": "a", "accountEmail": "b", "amount": 5})).await;
    assert_eq!(running.books()["transfers"], json!([5]));
    let echo = ask(&client, "/test", KEY, json!({})).await;
    assert!(echo.body.contains(KEY));
    assert!(ask(&client, "/getBalance", KEY, json!({})).await.body.contains("CAP-"), "a second credential");
}
