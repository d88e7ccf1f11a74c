use std::net::Ipv4Addr;

use tollgate_model::CidrSet;

use super::*;
use crate::callback::CallbackHost;
use crate::hours::Hours;
use crate::policy::{Methods, Observe};

fn monday(hour: u32) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2026-11-23T{hour:02}:00:00Z")).unwrap()
}

const INSIDE: Result<IpAddr, Untold> = Ok(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
const OUTSIDE: Result<IpAddr, Untold> = Ok(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9)));

fn open_policy() -> Policy {
    let mut policy = Policy::closed();
    policy.allow = CidrSet::new(vec!["203.0.113.0/24".parse().unwrap()]);
    policy.hours = Some(Hours::parse("Mon-Fri 09:00-17:00").unwrap());
    policy.methods = Methods::only(["userrecaptcha"]);
    policy.callbacks = vec![CallbackHost::parse("hooks.example.com").unwrap()];
    policy
}

fn code(judged: &Judged) -> Option<DenialCode> {
    match judged {
        Judged::Denied(denial) => Some(denial.code),
        Judged::Agreed | Judged::WouldDeny(_) => None,
    }
}

fn supposed() -> Supposed<'static> {
    Supposed {
        client: INSIDE,
        at: monday(10),
        last_used: monday(9),
        method: Some("userrecaptcha"),
        callback: None,
        identity: Judged::Agreed,
        allowance: Judged::Agreed,
    }
}

#[test]
fn a_closed_policy_refuses_everything() {
    let closed = Policy::closed();
    assert_eq!(code(&locate(&closed, INSIDE, monday(10))), Some(DenialCode::NetworkDenied));
    assert_eq!(code(&permits_method(&closed, "userrecaptcha")), Some(DenialCode::OperationDenied));
    assert_eq!(code(&permits_callback(&closed, "hooks.example.com")), Some(DenialCode::CallbackDenied));
}

#[test]
fn an_address_that_is_not_told_is_on_no_list() {
    let mut policy = open_policy();
    policy.allow = CidrSet::everything();
    assert_eq!(locate(&policy, OUTSIDE, monday(10)), Judged::Agreed);
    assert_eq!(code(&locate(&policy, Err(Untold), monday(10))), Some(DenialCode::NetworkDenied));
}

#[test]
fn observed_checks_are_recorded_and_let_pass_until_their_end() {
    let mut policy = open_policy();
    policy.observe = Some(Observe { network: true, hours: true, rate: true, until: monday(20) });
    let rate = || Denial::new(DenialCode::RateLimited, "");
    for now in [monday(19), monday(20)] {
        let expected = if now < monday(20) { Factor::WouldDeny } else { Factor::No };
        assert_eq!(locate(&policy, OUTSIDE, now).factor(), expected);
        assert_eq!(timely(&policy, now).factor(), expected);
        assert_eq!(rated(&policy, rate(), now).factor(), expected);
    }
    policy.observe = Some(Observe { network: false, hours: false, rate: false, until: monday(20) });
    assert_eq!(locate(&policy, OUTSIDE, monday(19)).factor(), Factor::No);
    assert_eq!(timely(&policy, monday(19)).factor(), Factor::No);
    assert_eq!(rated(&policy, rate(), monday(19)).factor(), Factor::No);
}

#[test]
fn a_keys_beginning_and_end_are_never_observed() {
    let mut policy = open_policy();
    policy.observe = Some(Observe { network: true, hours: true, rate: true, until: monday(20) });
    policy.not_before = Some(monday(11));
    policy.expires = Some(monday(12));
    assert_eq!(code(&timely(&policy, monday(10))), Some(DenialCode::NotYetValid));
    assert_eq!(code(&unended(&policy, monday(12), monday(12))), Some(DenialCode::Expired));
}

/// The rows of the defence matrix that policy alone decides.
#[test]
fn each_factor_refuses_alone() {
    let policy = open_policy();
    let cap = Judged::Denied(Denial::new(DenialCode::CapReached, "25/day"));
    let revoked = Judged::Denied(Denial::new(DenialCode::Revoked, ""));
    let rows = [
        ("normal", supposed(), None, [Factor::Ok; 4]),
        (
            "leaked",
            Supposed { client: OUTSIDE, ..supposed() },
            Some(DenialCode::NetworkDenied),
            [Factor::Ok, Factor::No, Factor::Ok, Factor::Ok],
        ),
        ("cap", Supposed { allowance: cap, ..supposed() }, Some(DenialCode::CapReached), [Factor::Ok, Factor::Ok, Factor::No, Factor::Ok]),
        (
            "revoked",
            Supposed { identity: revoked, ..supposed() },
            Some(DenialCode::Revoked),
            [Factor::No, Factor::Ok, Factor::Ok, Factor::Ok],
        ),
        (
            "night",
            Supposed { at: monday(20), ..supposed() },
            Some(DenialCode::OutsideHours),
            [Factor::Ok, Factor::Ok, Factor::Ok, Factor::No],
        ),
        (
            "method",
            Supposed { method: Some("hcaptcha"), ..supposed() },
            Some(DenialCode::OperationDenied),
            [Factor::Ok, Factor::Ok, Factor::No, Factor::Ok],
        ),
        (
            "callback",
            Supposed { callback: Some("evil.example"), ..supposed() },
            Some(DenialCode::CallbackDenied),
            [Factor::Ok, Factor::Ok, Factor::No, Factor::Ok],
        ),
    ];
    for (name, supposed, refusal, [identity, network, allowance, time]) in rows {
        let explained = explain(&policy, supposed);
        assert_eq!(explained.refusal().map(|denial| denial.code), refusal, "{name}");
        assert_eq!(explained.verdict(), Verdict { identity, network, allowance, time }, "{name}");
    }
}

#[test]
fn a_refusal_outweighs_what_would_have_been_one() {
    let no = Judged::Denied(Denial::new(DenialCode::CapReached, ""));
    let soft = Judged::WouldDeny(Denial::new(DenialCode::RateLimited, ""));
    assert_eq!(soft.clone().and(no.clone()), no);
    assert_eq!(no.clone().and(soft.clone()), no);
    assert_eq!(Judged::Agreed.and(soft.clone()), soft);
    assert_eq!(soft.clone().passed().unwrap().unwrap().code, DenialCode::RateLimited);
    assert_eq!(no.passed().unwrap_err().code, DenialCode::CapReached);
}
