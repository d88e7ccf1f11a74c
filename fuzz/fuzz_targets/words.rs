//! Does every word that people write say itself again once it is read: money, limits, rates, times, hours, names, hosts?
#![no_main]

use std::fmt::{Debug, Display};

use libfuzzer_sys::fuzz_target;
use tollgate_model::{LimitKind, Money, Name, Period, Rate, TaskId, Timestamp, VirtualKey, Zone};
use tollgate_policy::{CallbackHost, Hours, duration};

/// Noon of an ordinary day.
const NOON: Timestamp = Timestamp::from_millis(1_795_435_200_000);

/// What was read is said, and what is said is read as the same, and said alike.
fn again<T: PartialEq + Debug + Display, E: Debug>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    let value = read(text).ok()?;
    let said = value.to_string();
    let other = read(&said).unwrap_or_else(|error| panic!("{said:?} is not read again: {error:?}"));
    assert_eq!(value, other, "{said:?}");
    assert_eq!(other.to_string(), said);
    Some(value)
}

// the first byte chooses what the rest is read as
fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    match choice % 11 {
        0 => drop(again(text, Money::parse).inspect(|money| assert!(*money >= Money::ZERO))),
        1 => drop(again(text, Rate::parse).inspect(|rate| assert!(rate.per_minute > 0 && rate.burst > 0))),
        2 => cap(again(text, LimitKind::parse_cap)),
        3 => cap(again(text, LimitKind::parse_tasks)),
        4 => drop(again(text, Name::parse).inspect(|name| assert_eq!(name.as_str(), text))),
        5 => drop(again(text, CallbackHost::parse)),
        6 => {
            if let Some(hours) = again(text, Hours::parse) {
                assert_eq!(hours.permit(NOON).is_ok(), hours.is_open(NOON));
                let opens = hours.next_opening(NOON);
                assert!(opens.is_none_or(|at| at >= NOON && hours.is_open(at)), "{opens:?}");
            }
        }
        7 => {
            if let Ok(time) = duration::parse(text) {
                assert_eq!(duration::parse(&duration::format(time)), Ok(time));
            }
        }
        8 => {
            if let Some(at) = Timestamp::parse_rfc3339(text) {
                assert_eq!(Timestamp::parse_rfc3339(&at.to_string()), Some(at), "{at}");
            }
        }
        9 => {
            if let Ok(zone) = Zone::parse(text) {
                assert_eq!(Zone::parse(zone.name()).as_ref(), Ok(&zone));
            }
        }
        _ => {
            let _ = TaskId::parse(text.as_bytes()).map(|id| assert_eq!(id.as_str(), text));
            let _ = VirtualKey::is_well_formed(text.as_bytes());
        }
    }
});

fn cap(kind: Option<LimitKind>) {
    let Some(LimitKind::Cap { amount, period, zone }) = kind else { return };
    assert!(amount.units() > 0);
    for at in [NOON, Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX), Timestamp::from_millis(i64::MIN)] {
        let window = period.window(&zone, at);
        assert!(window.contains(at) || at.millis() == i64::MAX, "{window:?} and {at}");
        assert!(period == Period::Total || window.start < window.end);
    }
}
