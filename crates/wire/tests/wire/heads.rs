//! Which heads are requests?

use tollgate_wire::{Framing, Limits, Method, Reject, RequestHead, parse_head};

use crate::corpus;

pub(crate) fn parsed(bytes: &[u8]) -> (RequestHead, usize) {
    parse_head(bytes, &Limits::REQUEST).expect("accepted").expect("whole")
}

fn refused(bytes: &[u8]) -> Reject {
    parse_head(bytes, &Limits::REQUEST).expect_err("refused")
}

/// A head by its words: framing, or the reason of the refusal.
pub(crate) fn verdict(bytes: &[u8]) -> String {
    match parse_head(bytes, &Limits::REQUEST) {
        Ok(Some((head, _))) => match head.framing {
            Framing::None => "none".to_owned(),
            Framing::Length(length) => format!("length={length}"),
            Framing::Chunked => "chunked".to_owned(),
        },
        Ok(None) => "more".to_owned(),
        Err(reject) => format!("{reject:?}"),
    }
}

#[test]
fn every_head_of_the_table_is_judged_as_it_says() {
    let wrong: Vec<String> = corpus::heads()
        .iter()
        .filter(|case| verdict(&case.bytes) != case.words[1])
        .map(|case| format!("{}: expected {}, got {}", case.name(), case.words[1], verdict(&case.bytes)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_parts_are_where_they_stand() {
    let bytes = b"POST /u/p/in.php?a=b?c HTTP/1.1\r\nHost: gate.test:80\r\nUser-Agent:  x y \r\nAuthorization: Bearer k\r\n\
        Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhiGET";
    let (head, length) = parsed(bytes);
    assert_eq!(head.method, Method::Post);
    assert_eq!(head.path.of(bytes), b"/u/p/in.php");
    assert_eq!(head.query.of(bytes), b"a=b?c");
    assert_eq!(head.host.of(bytes), b"gate.test:80");
    assert_eq!(head.user_agent.unwrap().of(bytes), b"x y");
    assert_eq!(head.authorization.unwrap().of(bytes), b"Bearer k");
    assert_eq!(head.content_type.unwrap().of(bytes), b"text/plain");
    assert_eq!(head.framing, Framing::Length(2));
    assert_eq!(&bytes[length..], b"hiGET");
    assert!(head.keep_alive && !head.old_version && !head.expects_continue);
    assert_eq!(head.headers(bytes).count(), 5);
}

#[test]
fn sm_05_the_path_of_an_absolute_target_begins_behind_its_authority() {
    let bytes = b"GET http://gate.test/in.php?a HTTP/1.1\r\nHost: gate.test\r\n\r\n";
    let (head, _) = parsed(bytes);
    assert_eq!((head.path.of(bytes), head.query.of(bytes)), (b"/in.php".as_slice(), b"a".as_slice()));
}

#[test]
fn sm_10_an_upgrade_makes_no_tunnel_the_next_request_is_parsed_as_one() {
    let bytes = b"GET /a HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /b HTTP/1.1\r\nHost: g\r\n\r\n";
    let (first, length) = parsed(bytes);
    assert!(first.keep_alive && first.framing == Framing::None);
    let (second, _) = parsed(&bytes[length..]);
    assert_eq!(second.path.of(&bytes[length..]), b"/b");
}

#[test]
fn sm_11_a_continue_is_waited_for_only_with_a_body_and_http_1_1() {
    let expects = |bytes: &[u8]| parsed(bytes).0.expects_continue;
    assert!(expects(b"POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
    assert!(expects(b"POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert!(!expects(b"POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"));
    assert!(!expects(b"POST / HTTP/1.0\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
}

#[test]
fn sm_13_pipelined_requests_come_out_in_order() {
    let one = b"POST /in.php HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n\r\na=b&";
    let bytes = one.repeat(100);
    let mut at = 0;
    for _ in 0..100 {
        let (head, length) = parsed(&bytes[at..]);
        assert_eq!(head.framing, Framing::Length(4));
        at += length + 4;
    }
    assert_eq!(at, bytes.len());
}

#[test]
fn sm_16_headers_named_in_connection_stay_ours() {
    let bytes = b"POST / HTTP/1.1\r\nHost: g\r\nConnection: authorization, content-length, x-real-ip\r\nAuthorization: Bearer k\r\n\
        X-Real-Ip: 10.0.0.1\r\nContent-Length: 3\r\n\r\n";
    let (head, _) = parsed(bytes);
    assert_eq!(head.authorization.unwrap().of(bytes), b"Bearer k");
    assert_eq!(head.framing, Framing::Length(3));
    assert_eq!(head.values(bytes, "X-Real-IP").collect::<Vec<_>>(), [b"10.0.0.1"]);
}

#[test]
fn sm_17_an_underscore_is_not_a_hyphen() {
    let bytes = b"GET / HTTP/1.1\r\nHost: g\r\nX_Forwarded_For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2\r\nX-FORWARDED-FOR: 10.0.0.3\r\n\r\n";
    let (head, _) = parsed(bytes);
    assert_eq!(head.values(bytes, "X-Forwarded-For").collect::<Vec<_>>(), [b"10.0.0.2", b"10.0.0.3"]);
    assert!(head.headers(bytes).any(|(name, _)| name == b"X_Forwarded_For"), "the name is shown as it was sent");
}

#[test]
fn the_connection_stays_as_its_version_and_its_header_say() {
    let stays =
        |version: &str, connection: &str| parsed(format!("GET / HTTP/{version}\r\nHost: g\r\n{connection}\r\n").as_bytes()).0.keep_alive;
    assert!(stays("1.1", ""));
    assert!(stays("1.1", "Connection: x, Keep-Alive\r\n"));
    assert!(stays("1.0", "Connection: Keep-Alive\r\n"));
    assert!(!stays("1.0", ""));
    assert!(!stays("1.1", "Connection: close\r\n"));
    assert!(!stays("1.1", "Connection: keep-alive\r\nConnection: x ,\tCLOSE\r\n"));
}

#[test]
fn a_head_may_be_as_long_as_its_limit_and_no_longer() {
    let padded = |length: usize| {
        let frame = "GET / HTTP/1.1\r\nHost: g\r\nX: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nHost: g\r\nX: {}\r\n\r\n", "x".repeat(length - frame))
    };
    assert_eq!(parsed(padded(16 << 10).as_bytes()).1, 16 << 10);
    assert_eq!(refused(padded((16 << 10) + 1).as_bytes()), Reject::HeadTooLarge);
    let unfinished = &padded(300 << 10).into_bytes()[..16 << 10];
    assert_eq!(refused(unfinished), Reject::HeadTooLarge, "refused without waiting for its end");
}

#[test]
fn a_limit_above_65535_is_65535() {
    let limits = Limits { head: 1 << 20, ..Limits::REQUEST };
    let head = format!("GET / HTTP/1.1\r\nHost: g\r\nX: {}\r\nY: y\r\n\r\n", "x".repeat(1 << 16));
    assert_eq!(parse_head(head.as_bytes(), &limits).unwrap_err(), Reject::HeadTooLarge);
}

#[test]
fn there_may_be_as_many_headers_as_the_limit_and_no_more() {
    let lines = |count: usize| format!("GET / HTTP/1.1\r\nHost: g\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    assert_eq!(parsed(lines(64).as_bytes()).0.headers(lines(64).as_bytes()).count(), 64);
    assert_eq!(refused(lines(65).as_bytes()), Reject::HeadTooLarge);
    let few = Limits { headers: 2, ..Limits::REQUEST };
    assert!(parse_head(lines(2).as_bytes(), &few).is_ok());
    assert_eq!(parse_head(lines(3).as_bytes(), &few).unwrap_err(), Reject::HeadTooLarge);
    let many = Limits { headers: 1000, ..Limits::REQUEST };
    assert_eq!(parse_head(lines(65).as_bytes(), &many).unwrap_err(), Reject::HeadTooLarge);
}

#[test]
fn a_target_may_be_as_long_as_its_limit_and_no_longer() {
    let of = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: g\r\n\r\n", "x".repeat(length - 1));
    assert_eq!(parsed(of(4096).as_bytes()).0.path.of(of(4096).as_bytes()).len(), 4096);
    assert_eq!(refused(of(4097).as_bytes()), Reject::TargetTooLong);
    assert_eq!(refused(of(60_000).as_bytes()), Reject::TargetTooLong);
    assert_eq!(refused(&of(60_000).as_bytes()[.."GET ".len() + 4097]), Reject::TargetTooLong, "refused without waiting for its end");
    let absolute = format!("GET http://{}", "x".repeat(4097));
    assert_eq!(refused(absolute.as_bytes()), Reject::TargetTooLong);
}

#[test]
fn a_host_may_be_as_long_as_a_name_can_be_and_no_longer() {
    let of = |length: usize| format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(length));
    assert_eq!(parsed(of(253).as_bytes()).0.host.of(of(253).as_bytes()).len(), 253);
    assert_eq!(refused(of(254).as_bytes()), Reject::Host);
}

#[test]
fn a_bad_byte_is_refused_before_its_line_has_ended() {
    assert_eq!(refused(b"\x16"), Reject::RequestLine);
    assert_eq!(refused(b"g"), Reject::RequestLine);
    assert_eq!(refused(b"DELETE "), Reject::Method);
    assert_eq!(refused(b"GET /a#"), Reject::Target);
    assert_eq!(refused(b"GET / HTTP/2"), Reject::Version);
    assert_eq!(refused(b"GET / HTTP/1.1\n"), Reject::RequestLine);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: g\r\nA "), Reject::Header);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: g\r\nA: \0"), Reject::Header);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: g\r\nA: b\rc"), Reject::Header);
    assert_eq!(refused(b"POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: gzip\r\n"), Reject::Framing);
}

#[test]
fn each_refusal_has_its_status_and_says_nothing_of_the_request() {
    let statuses = [
        (Reject::Method, 405),
        (Reject::BodyTooLarge, 413),
        (Reject::TargetTooLong, 414),
        (Reject::Coding, 415),
        (Reject::Expectation, 417),
        (Reject::HeadTooLarge, 431),
        (Reject::Version, 505),
        (Reject::Framing, 400),
        (Reject::Host, 400),
    ];
    for (reject, status) in statuses {
        assert_eq!(reject.status(), status);
        assert_eq!(reject.to_string(), reject.reason());
        assert!(!tollgate_wire::encode::reason(status).is_empty(), "{status} has its phrase");
    }
}
