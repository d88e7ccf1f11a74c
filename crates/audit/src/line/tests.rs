use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_model::{CredentialHash, Factor, KeyId, Money, Name, RequestId, TaskId, Timestamp, Verdict};

use super::*;
use crate::place::Head;

const SEQ: Seq<'_> = Seq { lane: "w0", number: 17 };

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_424_400_123)
}

fn parse(line: &[u8]) -> Value {
    assert_eq!(memchr::memchr_iter(b'\n', line).count(), 1, "one record is one line");
    assert_eq!(line.last(), Some(&b'\n'));
    serde_json::from_slice(line).unwrap()
}

fn line(record: &Record<'_>) -> Value {
    let mut out = Vec::new();
    Formatter::default().record(&mut out, SEQ, record);
    let head = Head::of(&out).unwrap();
    assert_eq!((head.lane, head.number, head.time()), ("w0", 17, Some(record.at)));
    parse(&out)
}

#[test]
fn every_fact_stands_where_the_schema_says() {
    let (key, name) = (KeyId::new(at(), [7; 10]), Name::parse("checkout").unwrap());
    let request = RequestId::new(at(), [1; 10]);
    let full = Record {
        key: Some((key, &name)),
        team: Some(&name),
        upstream: Some(&name),
        operation: Some("submit"),
        method: Some("userrecaptcha"),
        task: Some(TaskId::parse(b"2122988149").unwrap()),
        decision: Decision::Failed,
        denied_by: Some("outcome_unknown"),
        reason: Some("a \"reason\"\n"),
        would_deny: &["network_denied", "cap_reached"],
        factors: Verdict { identity: Factor::Ok, network: Factor::WouldDeny, allowance: Factor::No, time: Factor::Unasked },
        held: Some(Money::from_nanos(100_000_000)),
        settled: Some(Money::from_nanos(-1)),
        hold: Some(HoldEnd::Unknown),
        secret_version: Some("v3"),
        credential: Some(CredentialHash::from_bytes([0xab; 32])),
        provider_error: Some("ERROR_NO_SLOT_AVAILABLE"),
        generation: u64::MAX,
        gate_us: 41,
        upstream_us: Some(93_000),
        client: Some("2001:db8::1".parse().unwrap()),
        source: Some("10.0.0.255".parse().unwrap()),
        user_agent: Some(b"curl/8 \xff\x1b[2J"),
        http: Some(("POST", 502)),
        alarm: Some("leak_withheld"),
        ..Record::new(at(), Kind::Outcome, request)
    };
    assert_eq!(
        line(&full),
        json!({
            "@timestamp": "2026-11-23T09:00:00.123Z",
            "tollgate": {
                "seq": "w0:17", "request_id": request.to_string(), "key": {"id": key.to_string(), "name": "checkout"},
                "team": "checkout", "upstream": "checkout", "operation": "submit", "method": "userrecaptcha", "task": "2122988149",
                "decision": "failed", "denied_by": "outcome_unknown", "reason": "a \"reason\"\n",
                "would_deny": ["network_denied", "cap_reached"],
                "factors": {"identity": "ok", "network": "would_deny", "allowance": "no", "time": "unasked"},
                "cost": {"held": "0.100000000", "settled": "-0.000000001", "unit": "usd"}, "hold": "unknown",
                "secret": {"version": "v3"}, "credential_hash": "ab".repeat(16), "provider_error": "ERROR_NO_SLOT_AVAILABLE",
                "generation": u64::MAX, "latency_us": {"gate": 41, "upstream": 93_000}, "alarm": "leak_withheld",
            },
            "event": {"kind": "alert", "action": "outcome", "outcome": "unknown"},
            "client": {"ip": "2001:db8::1"}, "source": {"ip": "10.0.0.255"},
            "user_agent": {"original": "curl/8 \u{fffd}\u{1b}[2J"},
            "http": {"request": {"method": "POST"}, "response": {"status_code": 502}},
        })
    );
}

#[test]
fn absent_facts_are_absent_members() {
    let bare = line(&Record::new(at(), Kind::Intent, RequestId::new(at(), [1; 10])));
    let members: Vec<_> = bare["tollgate"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["seq", "request_id", "decision", "generation", "latency_us"]);
    assert_eq!(bare.as_object().unwrap().keys().collect::<Vec<_>>(), ["@timestamp", "tollgate", "event"]);
    assert_eq!(bare["event"], json!({"kind": "event", "action": "intent", "outcome": "unknown"}));
}

#[test]
fn a_long_word_is_cut_between_characters() {
    let agent = "ü".repeat(200);
    let reason = format!("x{}", "€".repeat(300));
    let record = Record {
        user_agent: Some(agent.as_bytes()),
        reason: Some(&reason),
        ..Record::new(at(), Kind::Request, RequestId::new(at(), [1; 10]))
    };
    let line = line(&record);
    assert_eq!(line["user_agent"]["original"].as_str(), Some(&agent[..256]));
    assert_eq!(line["tollgate"]["reason"].as_str(), Some(&reason[..511]));
}

proptest! {
    #[test]
    fn whoever_parses_a_line_has_exactly_what_was_written(
        agent in prop::collection::vec(any::<u8>(), 0..250), reason in "\\PC{0,100}|[\\x00-\\x9f\\u{2028}\"\\\\/]{0,100}", nanos: i64,
        random: [u8; 10], v6: u128, status: u16, us: u64,
    ) {
        let request = RequestId::new(at(), random);
        let record = Record {
            user_agent: Some(&agent), reason: Some(&reason), held: Some(Money::from_nanos(nanos)),
            client: Some(std::net::Ipv6Addr::from(v6).into()), http: Some(("GET", status)), gate_us: us,
            ..Record::new(at(), Kind::Request, request)
        };
        let mut raw = Vec::new();
        Formatter::default().record(&mut raw, SEQ, &record);
        let printable = |character: char| !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}');
        prop_assert!(std::str::from_utf8(&raw).unwrap().trim_end_matches('\n').chars().all(printable));
        let line = parse(&raw);
        prop_assert_eq!(line["user_agent"]["original"].as_str().unwrap(), String::from_utf8_lossy(&agent));
        prop_assert_eq!(line["tollgate"]["reason"].as_str().unwrap(), &reason);
        prop_assert_eq!(line["tollgate"]["cost"]["held"].as_str().unwrap(), Money::from_nanos(nanos).to_string());
        prop_assert_eq!(line["tollgate"]["request_id"].as_str().unwrap(), request.to_string());
        prop_assert_eq!(line["client"]["ip"].as_str().unwrap(), std::net::Ipv6Addr::from(v6).to_string());
        prop_assert_eq!(line["http"]["response"]["status_code"].as_u64(), Some(u64::from(status)));
        prop_assert_eq!(line["tollgate"]["latency_us"]["gate"].as_u64(), Some(us));
    }

    #[test]
    fn an_events_detail_comes_back_as_it_was(text in "\\PC{0,50}|[\\x00-\\x9f\"\\\\]{0,50}", number: i64) {
        let detail = json!({ "text": text, &text: [number, true, null, {}, []] });
        let mut out = Vec::new();
        let event = Event { at: at(), kind: "event", action: "key_create", outcome: "success", subject: Some(&text), detail: Some(&detail) };
        Formatter::default().event(&mut out, SEQ, &event);
        let line = parse(&out);
        prop_assert_eq!(&line["tollgate"]["detail"], &detail);
        prop_assert_eq!(&line["tollgate"]["subject"], &json!(text));
        prop_assert_eq!(&line["event"], &json!({"kind": "event", "action": "key_create", "outcome": "success"}));
    }
}
