//! When does a cap begin anew? At the first instant of its zone's day, once.

use proptest::prelude::*;
use tollgate_model::{DenialCode, Limit, LimitKind, Raise, Timestamp};

use crate::desk::{Desk, at, key_scope, team_scope};

/// Shortly before a day, a month, or a change of the clocks in one of the zones.
const EVES: [&str; 7] = [
    "2026-03-28T22:59:00Z",
    "2026-03-29T00:59:00Z",
    "2026-10-24T21:59:00Z",
    "2026-10-25T00:59:00Z",
    "2026-11-01T05:59:00Z",
    "2026-04-04T14:59:00Z",
    "2026-12-31T22:59:00Z",
];
const CAPS: [&str; 9] = [
    "0.3/day Europe/Berlin",
    "0.3/day America/New_York",
    "0.3/day Australia/Lord_Howe",
    "0.3/week Europe/Berlin",
    "0.3/month America/New_York",
    "0.3/day",
    "0.3/24h",
    "0.3/hour",
    "0.3/total",
];
/// Milliseconds by which the clock goes on, or steps.
const STEPS: [i64; 14] = [
    0,
    500,
    60_000,
    59 * 60_000,
    3_600_000,
    90 * 60_000,
    12 * 3_600_000,
    23 * 3_600_000,
    25 * 3_600_000,
    7 * 86_400_000,
    -500,
    -2_000,
    -2_001,
    -3_600_000,
];

/// Tries so often after each step; what must be said to each is told by all admissions so far.
async fn follows(cap: &str, eve: &str, steps: &[(usize, usize)]) {
    let mut desk = Desk::at(eve).await;
    let LimitKind::Cap { period, zone, .. } = LimitKind::parse_cap(cap).unwrap() else { panic!("a cap") };
    let limits = [desk.cap(cap)];
    let (mut wall, mut latest, mut admitted) = (at(eve), at(eve), Vec::<Timestamp>::new());
    for (step, tries) in steps {
        wall = wall.plus_millis(STEPS[*step]);
        desk.set(&wall.to_string());
        for _ in 0..*tries {
            latest = latest.max(wall);
            let counted = period.window(&zone, latest).counted(period);
            let room = admitted.iter().filter(|at| counted.contains(**at)).count() < 3;
            let must = match (latest.millis() - wall.millis() > 2_000, room) {
                (true, _) => Some(DenialCode::ClockSuspect),
                (false, true) => None,
                (false, false) => Some(DenialCode::CapReached),
            };
            let bought = desk.buy(&limits).await;
            assert_eq!(bought.as_ref().err(), must.as_ref(), "{cap} at {wall}, and it had been {latest}; admitted: {admitted:?}");
            if let Ok(purchase) = bought {
                purchase.sent.unknown();
                admitted.push(latest);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn tm_02_each_window_of_each_zone_holds_its_cap_and_not_less_however_the_clock_goes_and_steps(
        cap in 0..CAPS.len(), eve in 0..EVES.len(), steps in proptest::collection::vec((0..STEPS.len(), 0_usize..4), 1..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(follows(CAPS[cap], EVES[eve], &steps));
    }
}

/// Spends at each of these instants what the cap of two dimes a day lets pass.
async fn spent(zone: &str, instants: &[&str]) -> Vec<usize> {
    let mut desk = Desk::at(instants[0]).await;
    let cap = [desk.cap(&format!("0.2/day {zone}"))];
    let mut spent = Vec::new();
    for instant in instants {
        desk.set(instant);
        spent.push(desk.admitted(&cap, 5).await);
    }
    spent
}

#[tokio::test(start_paused = true)]
async fn tm_02_a_day_of_23_and_of_25_hours_is_one_day() {
    // Berlin, 29 March 2026: 23 hours, from 23:00Z to 22:00Z
    let short =
        ["2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00Z"];
    assert_eq!(spent("Europe/Berlin", &short).await, [2, 2, 0, 0, 2]);
    // Berlin, 25 October 2026: 25 hours, from 22:00Z to 23:00Z; the repeated hour opens nothing
    let long = ["2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00Z"];
    assert_eq!(spent("Europe/Berlin", &long).await, [2, 0, 0, 0, 2]);
    // New York, 1 November 2026: from 04:00Z to 05:00Z of the next day
    let long = ["2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T04:59:59.999Z", "2026-11-02T05:00:00Z"];
    assert_eq!(spent("America/New_York", &long).await, [2, 0, 0, 0, 2]);
    // New York, 8 March 2026: from 05:00Z to 04:00Z of the next day
    let short = ["2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999Z", "2026-03-09T04:00:00Z"];
    assert_eq!(spent("America/New_York", &short).await, [2, 0, 2]);
    // Lord Howe moves by half an hour: 5 April 2026 has 24.5 hours, from 13:00Z to 13:30Z; 4 October 23.5
    let longer = ["2026-04-04T13:00:00Z", "2026-04-05T13:29:59.999Z", "2026-04-05T13:30:00Z"];
    assert_eq!(spent("Australia/Lord_Howe", &longer).await, [2, 0, 2]);
    let shorter = ["2026-10-03T13:30:00Z", "2026-10-04T12:59:59.999Z", "2026-10-04T13:00:00Z"];
    assert_eq!(spent("Australia/Lord_Howe", &shorter).await, [2, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn tm_01_a_call_over_midnight_is_charged_to_the_day_of_its_admission() {
    let mut desk = Desk::at("2026-11-23T22:59:59.900Z").await;
    let cap = [desk.cap("0.2/day Europe/Berlin")];
    let late = desk.buy(&cap).await.unwrap();
    desk.set("2026-11-23T23:00:00.100Z");
    assert_eq!(desk.admitted(&cap, 1).await, 1);
    // what it did not cost does not come back in the new day
    late.sent.void(desk.now());
    assert_eq!(desk.admitted(&cap, 9).await, 1);
}

#[tokio::test(start_paused = true)]
async fn tm_04_a_clock_that_steps_back_over_midnight_is_refused_until_it_has_caught_up() {
    let mut desk = Desk::at("2026-11-23T23:59:59Z").await;
    let cap = [desk.cap("0.2/day")];
    desk.set("2026-11-24T00:00:01Z");
    assert_eq!(desk.admitted(&cap, 1).await, 1);
    desk.set("2026-11-23T23:59:00Z");
    let denial = desk.try_spend("p", &cap, crate::desk::DIME).await.err().unwrap();
    assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::ClockSuspect, Some(61_000)));
    // what has no cap goes on
    let free = [desk.limit(LimitKind::Concurrency(100))];
    assert_eq!(desk.admitted(&free, 2).await, 2);
    // a small step is an adjustment, and counts in the later day
    desk.set("2026-11-23T23:59:59.500Z");
    assert_eq!(desk.admitted(&cap, 9).await, 0, "two were sent without asking the cap, and count");
    desk.set("2026-11-24T23:59:59Z");
    assert_eq!(desk.admitted(&cap, 9).await, 0);
    desk.set("2026-11-25T00:00:00Z");
    assert_eq!(desk.admitted(&cap, 9).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_month_and_a_total_end_when_they_end() {
    let mut desk = Desk::at("2026-02-28T23:59:59Z").await;
    let (month, total) = (desk.cap("0.2/month"), desk.cap("0.5/total"));
    assert_eq!(desk.admitted(&[month, total], 9).await, 2);
    desk.set("2026-03-01T00:00:00Z");
    assert_eq!(desk.admitted(&[month, total], 9).await, 2);
    desk.set("2027-03-01T00:00:00Z");
    assert_eq!(desk.admitted(&[month, total], 9).await, 1);
    let denial = desk.try_spend("p", &[total], crate::desk::DIME).await.err().unwrap();
    assert_eq!((denial.code, denial.retry_after_ms), (DenialCode::CapReached, None), "a total does not free itself");
    let wait = desk.try_spend("p", &[desk.cap("0.01/day")], crate::desk::DIME).await.err().unwrap().retry_after_ms;
    assert_eq!(wait, Some(86_400_000), "until midnight, at {}", at("2027-03-02T00:00:00Z"));
}

#[tokio::test(start_paused = true)]
async fn a_raise_is_more_of_a_cap_until_its_instant_and_leaves_no_slice_behind_it() {
    let mut desk = Desk::new().await;
    let kind = |text| LimitKind::parse_cap(text).unwrap();
    let LimitKind::Cap { amount, .. } = kind("1000/day") else { panic!("a cap") };
    let until = desk.now().wall.plus_millis(60_000);
    let own = Limit::new(team_scope(), kind("1/day"));
    let more = Limit { raise: Some(Raise { amount, until }), ..own.clone() };
    let [p, q] = ["p", "q"].map(|account| [desk.account(account).bind(&more, desk.now())]);
    assert_eq!(desk.admitted_at("p", &p, 3).await, 3, "and a slice of some dozens more is leased");
    assert_eq!(desk.admitted_at("q", &q, 2).await, 2, "and another");
    desk.pass_ms(59_999);
    assert_eq!(desk.admitted_at("q", &q, 2).await, 2);
    desk.pass_ms(1);
    assert_eq!(desk.admitted_at("q", &q, 2).await, 2);
    assert_eq!(desk.admitted_at("p", &p, 9).await, 1, "ten dimes in all");
    assert_eq!(desk.admitted_at("q", &q, 9).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_raise_ends_when_it_is_taken_back_and_less_than_the_cap_is_none() {
    let mut desk = Desk::new().await;
    let kind = |text| LimitKind::parse_cap(text).unwrap();
    let until = desk.now().wall.plus_millis(3_600_000);
    let own = Limit::new(key_scope(), kind("1/day"));
    let raised = |text| {
        let LimitKind::Cap { amount, .. } = kind(text) else { panic!("a cap") };
        Limit { raise: Some(Raise { amount, until }), ..own.clone() }
    };
    let cap = [desk.account("p").bind(&raised("2/day"), desk.now())];
    assert_eq!(desk.admitted(&cap, 12).await, 12);
    desk.account("p").bind(&raised("0.5/day"), desk.now());
    assert_eq!(desk.admitted(&cap, 1).await, 0, "a dollar is in force, and more is spent");
    desk.account("p").bind(&raised("1.4/day"), desk.now());
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    desk.account("p").bind(&own, desk.now());
    assert_eq!(desk.admitted(&cap, 1).await, 0);
}
