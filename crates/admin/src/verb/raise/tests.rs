use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_cap_is_raised_with_an_end_and_a_reason_and_lowered_again() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "caps": ["25/day Europe/Berlin", "100/month"], "tasks": ["50/day"] })).await;
    let raise = async |body| desk.ask("POST", "/v1/keys/ci/raise", Some(body)).await;
    let done = raise(json!({ "cap": "50/day Europe/Berlin", "until": "4h", "reason": "the launch" })).await;
    assert_eq!(done.status, 200, "{done:?}");
    let raises = &done.json()["terms"]["limits"]["raises"];
    assert_eq!((&raises[0]["to"]["cap"], &raises[0]["reason"]), (&json!("50/day Europe/Berlin"), &json!("the launch")));
    assert!(raises[0]["until"].as_str().is_some_and(|until| until.ends_with('Z')), "{raises}");
    // a second one of the same cap takes the first one's place, one of another cap stands beside it
    assert_eq!(raise(json!({ "cap": "60/day Europe/Berlin", "until": "1h", "reason": "more" })).await.status, 200);
    let both = raise(json!({ "tasks": "90/day", "until": "1h", "reason": "more" })).await.json();
    assert_eq!(both["terms"]["limits"]["raises"].as_array().map(Vec::len), Some(2));
    assert_eq!(raise(json!({ "cap": "60/day Europe/Berlin", "end": true })).await.status, 200);
    let again = raise(json!({ "cap": "60/day Europe/Berlin", "end": true })).await;
    assert_eq!((again.status, again.body.contains("no raise of the cap")), (422, true), "{again:?}");
    let acts = format!("{:?}", desk.log.acts.lock());
    assert!(acts.contains("key_raise") && acts.contains("the launch"), "{acts}");
}

#[tokio::test]
async fn a_raise_that_would_raise_nothing_or_has_no_end_is_refused_with_what_is_missing() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "caps": ["25/day"] })).await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew", "caps": ["25/24h"] }))).await;
    for (body, said) in [
        (json!({ "until": "4h", "reason": "r" }), "which cap is meant"),
        (json!({ "cap": "50/day", "tasks": "5/day", "until": "4h", "reason": "r" }), "which cap is meant"),
        (json!({ "cap": "50/day", "until": "4h" }), "a raise has a `reason`"),
        (json!({ "cap": "50/day", "reason": "r" }), "a raise has an end"),
        (json!({ "cap": "50/day", "until": "1999-01-01T00:00:00Z", "reason": "r" }), "is over"),
        (json!({ "cap": "50/day Europe/Berlin", "until": "4h", "reason": "r" }), "there is no lower cap"),
        (json!({ "cap": "25/day", "until": "4h", "reason": "r" }), "there is no lower cap"),
        (json!({ "cap": "-1/day", "until": "4h", "reason": "r" }), "`cap`"),
        (json!({ "cap": "1.2.3/day", "until": "4h", "reason": "r" }), "`cap`"),
        (json!({ "cap": "NaN/day", "until": "4h", "reason": "r" }), "`cap`"),
        (json!({ "cap": "50 EUR/day", "until": "4h", "reason": "r" }), "`cap`"),
    ] {
        let refused = desk.ask("POST", "/v1/keys/ci/raise", Some(body.clone())).await;
        assert_eq!((refused.status, refused.body.contains(said)), (422, true), "{body}: {refused:?}");
    }
    let team = desk.ask("POST", "/v1/teams/crew/raise", Some(json!({ "cap": "30/24h", "until": "4h", "reason": "r" }))).await;
    assert_eq!(team.status, 200, "{team:?}");
}
