use proptest::prelude::*;

use super::*;

fn instant(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn hours(text: &str) -> Hours {
    Hours::parse(text).unwrap()
}

/// Rows of (instant, whether open, when next).
fn check(text: &str, rows: &[(&str, bool, &str)]) {
    let hours = hours(text);
    for (at, open, next) in rows {
        assert_eq!(hours.is_open(instant(at)), *open, "{text} at {at}");
        assert_eq!(hours.next_opening(instant(at)), Some(instant(next)), "{text} after {at}");
    }
}

#[test]
fn tm_05_an_opening_holds_its_first_minute_and_not_its_last() {
    check(
        "Mon-Fri 09:00-17:00 Europe/Berlin",
        &[
            ("2026-11-23T07:59:59.999Z", false, "2026-11-23T08:00:00Z"),
            ("2026-11-23T08:00:00Z", true, "2026-11-23T08:00:00Z"),
            ("2026-11-23T15:59:59.999Z", true, "2026-11-23T15:59:59.999Z"),
            ("2026-11-23T16:00:00Z", false, "2026-11-24T08:00:00Z"),
            ("2026-11-27T16:00:00Z", false, "2026-11-30T08:00:00Z"),
            ("2026-11-28T12:00:00Z", false, "2026-11-30T08:00:00Z"),
            // summer time: the same wall clock, another instant
            ("2026-07-01T07:00:00Z", true, "2026-07-01T07:00:00Z"),
        ],
    );
}

#[test]
fn tm_05_an_opening_over_midnight_belongs_to_the_day_it_begins_on() {
    check(
        "Fri 22:00-06:00",
        &[
            ("2026-11-27T21:59:59.999Z", false, "2026-11-27T22:00:00Z"),
            ("2026-11-27T23:59:59.999Z", true, "2026-11-27T23:59:59.999Z"),
            ("2026-11-28T05:59:59.999Z", true, "2026-11-28T05:59:59.999Z"),
            ("2026-11-28T06:00:00Z", false, "2026-12-04T22:00:00Z"),
            ("2026-11-28T22:00:00Z", false, "2026-12-04T22:00:00Z"),
            ("2026-11-27T05:00:00Z", false, "2026-11-27T22:00:00Z"),
        ],
    );
}

#[test]
fn tm_05_an_hour_that_the_clocks_skip_is_never_open() {
    // 2026-03-29 in Berlin: 01:59:59 is followed by 03:00:00
    check("Sun 02:00-03:00 Europe/Berlin", &[("2026-03-29T00:59:59.999Z", false, "2026-04-05T00:00:00Z")]);
    check(
        "02:30-04:00 Europe/Berlin",
        &[("2026-03-29T00:59:59.999Z", false, "2026-03-29T01:00:00Z"), ("2026-03-29T01:00:00Z", true, "2026-03-29T01:00:00Z")],
    );
}

#[test]
fn tm_05_an_hour_that_the_clocks_repeat_is_open_twice() {
    // 2026-10-25 in Berlin: 02:59:59 is followed by 02:00:00
    check(
        "01:00-02:30 Europe/Berlin",
        &[
            ("2026-10-25T00:29:59.999Z", true, "2026-10-25T00:29:59.999Z"),
            ("2026-10-25T00:30:00Z", false, "2026-10-25T01:00:00Z"),
            ("2026-10-25T01:29:59.999Z", true, "2026-10-25T01:29:59.999Z"),
            ("2026-10-25T01:30:00Z", false, "2026-10-26T00:00:00Z"),
        ],
    );
    check("02:30-02:45 Europe/Berlin", &[("2026-10-25T00:45:00Z", false, "2026-10-25T01:30:00Z")]);
}

#[test]
fn tm_05_leap_days_and_the_31st_are_days() {
    check(
        "Thu 00:00-24:00",
        &[("2028-02-29T12:00:00Z", false, "2028-03-02T00:00:00Z"), ("2026-12-31T23:59:59.999Z", true, "2026-12-31T23:59:59.999Z")],
    );
    check("Tue 10:00-11:00", &[("2028-02-28T12:00:00Z", false, "2028-02-29T10:00:00Z")]);
}

#[test]
fn tm_05_a_weekday_that_the_zone_skipped_has_no_opening() {
    // Samoa had no Friday, 30 December 2011
    check("Fri 10:00-11:00 Pacific/Apia", &[("2011-12-30T09:00:00Z", false, "2012-01-05T20:00:00Z")]);
    check("Fri 22:00-06:00 Pacific/Apia", &[("2011-12-30T09:59:59Z", false, "2011-12-30T10:00:00Z")]);
}

#[test]
fn tm_07_instants_beyond_the_calendar_are_closed() {
    for at in [i64::MIN, i64::MAX, -400_000_000_000_000, 260_000_000_000_000] {
        assert!(!hours("00:00-24:00").is_open(Timestamp::from_millis(at)));
        assert_eq!(hours("00:00-24:00").next_opening(Timestamp::from_millis(at)), None);
    }
    assert!(hours("00:00-24:00").is_open(instant("2100-02-28T23:59:59Z")));
}

#[test]
fn one_of_several_openings_is_enough() {
    check(
        "Mon-Fri 09:00-17:00; Sat 10:00-12:00",
        &[("2026-11-28T11:00:00Z", true, "2026-11-28T11:00:00Z"), ("2026-11-27T17:00:00Z", false, "2026-11-28T10:00:00Z")],
    );
}

#[test]
fn a_refusal_tells_the_hours_and_the_wait() {
    let denial = hours("Mon-Fri 09:00-17:00").permit(instant("2026-11-23T08:59:00Z")).unwrap_err();
    assert_eq!(denial.code, DenialCode::OutsideHours);
    assert_eq!(denial.reason, "open Mon-Fri 09:00-17:00 UTC");
    assert_eq!(denial.retry_after_ms, Some(60_000));
}

#[test]
fn hours_print_as_they_are_written() {
    for text in [
        "Mon-Fri 09:00-17:00 Europe/Berlin",
        "Mon,Wed 22:00-06:00 UTC",
        "Sat-Mon 00:00-24:00 Asia/Tokyo",
        "Mon-Sun 08:00-09:00 UTC",
        "Mon-Wed,Fri 08:00-00:00 UTC; Sun 10:00-12:00 America/New_York",
    ] {
        assert_eq!(hours(text).to_string(), text);
    }
    assert_eq!(hours("22:00-06:00").to_string(), "Mon-Sun 22:00-06:00 UTC");
    assert_eq!(hours("Sat,Sun 22:00-06:00").to_string(), "Sat,Sun 22:00-06:00 UTC");
}

#[test]
fn hours_that_are_unclear_are_refused() {
    for text in [
        "",
        ";",
        "Mon-Fri",
        "mon-fri 09:00-17:00",
        "Monday 09:00-17:00",
        "Mon- 09:00-17:00",
        "Mon,, 09:00-17:00",
        "Mon-Wed-Fri 09:00-17:00",
        "Mon 9:00-17:00",
        "Mon 09:00-17:60",
        "Mon 09:00-25:00",
        "Mon 09:00-24:01",
        "Mon 24:00-06:00",
        "Mon 09.00-17.00",
        "Mon 09:00 - 17:00",
        "Mon 09:00-17:00 UTC UTC",
        "Mon 09:00-17:00;",
        "Mon +9:00-17:00",
    ] {
        assert_eq!(Hours::parse(text), Err(HoursError::Form), "{text}");
    }
    assert_eq!(Hours::parse("Mon 09:00-09:00"), Err(HoursError::Empty));
    assert_eq!(Hours::parse("Mon 09:00-17:00 Berlin"), Err(HoursError::Zone("Berlin".into())));
    assert_eq!(Hours::new(Vec::new()), Err(HoursError::Never));
}

const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"];

prop_compose! {
    fn any_opening()(days in 1_u8..128, from in 0_i64..1440, until in 0_i64..=1440, zone in 0..ZONES.len()) -> Opening {
        let until = if from == until { until + 1 } else { until };
        Opening { days: Days(days), from: Minute(from), until: Minute(until), zone: Zone::parse(ZONES[zone]).unwrap() }
    }
}

/// Minutes of one week in which the clocks change, of each zone's 2026 (and Samoa's lost day).
fn any_instant() -> impl Strategy<Value = i64> {
    let weeks = prop_oneof![
        Just("2026-03-27T00:00:00Z"),
        Just("2026-10-23T00:00:00Z"),
        Just("2026-04-02T00:00:00Z"),
        Just("2026-10-01T00:00:00Z"),
        Just("2026-03-06T00:00:00Z"),
        Just("2026-10-30T00:00:00Z"),
        Just("2011-12-28T00:00:00Z"),
    ];
    (weeks, 0_i64..7 * 1440).prop_map(|(week, minute)| instant(week).millis() + minute * MINUTE_MS)
}

/// Weekday and minute as the calendar library shows them, against the opening's definition.
fn open_by_calendar(opening: &Opening, at: i64) -> bool {
    let local = jiff::Timestamp::from_millisecond(at).unwrap().to_zoned_datetime(opening.zone.time_zone().clone());
    let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap();
    let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
    let on = |day: usize| opening.days.0 >> (day % 7) & 1 == 1;
    let (from, until) = (opening.from.0, opening.until.0);
    if from < until { on(day) && (from..until).contains(&minute) } else { (on(day) && minute >= from) || (on(day + 6) && minute < until) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn open_is_what_the_local_calendar_says(opening in any_opening(), at in any_instant(), millis in 0_i64..60_000) {
        prop_assert_eq!(opening.is_open(Timestamp::from_millis(at + millis)), open_by_calendar(&opening, at));
    }

    #[test]
    fn the_next_opening_is_the_first_open_minute(opening in any_opening(), at in any_instant()) {
        let expected = (0..36 * 1440).map(|minute| at + minute * MINUTE_MS).find(|at| open_by_calendar(&opening, *at));
        let found = Hours(vec![opening]).next_opening(Timestamp::from_millis(at));
        prop_assert_eq!(found.map(Timestamp::millis), expected);
    }

    #[test]
    fn every_opening_prints_as_it_parses(opening in any_opening()) {
        prop_assert_eq!(Opening::parse(&opening.to_string()), Ok(opening));
    }
}
