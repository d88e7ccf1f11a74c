use crate::fixture::{Fixture, text};

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_in_the_callers_form_and_nothing_is_sent() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let reply = stage.get(&format!("/in.php?key={key}&key={key}&method=userrecaptcha&json=1")).await;
    assert_eq!((text(&reply), reply.denied), (r#"{"status":0,"request":"ERROR_BAD_PARAMETERS"}"#, Some("ambiguous_request")));
    let reply = stage.get(&format!("/res.php?key={key}&action=add_pingback&addr=https://e.com")).await;
    assert_eq!(reply.denied, Some("operation_denied"));
    assert!(stage.received.lock().is_empty());
    assert!(!stage.lines().iter().any(|line| line.to_string().contains(&key)), "a key stands in the journal");
}
