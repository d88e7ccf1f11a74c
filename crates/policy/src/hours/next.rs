//! When does it open next? The wall clock enters an opening at its first minute, or by a jump of the clocks.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use tollgate_model::Timestamp;

use super::{DAY_MS, MINUTE_MS, Opening};

/// Five weeks: a weekly opening comes back within eight days, unless the clocks skip it, which they do twice a year at most.
const DAYS_AHEAD: i64 = 35;

/// The first open instant after a closed one.
pub(super) fn after(opening: &Opening, at: Timestamp) -> Option<Timestamp> {
    let today = opening.wall(at)?.0.div_euclid(DAY_MS);
    let zone = opening.zone.time_zone();
    let starts = (today - 1..=today + DAYS_AHEAD)
        .filter(|day| opening.days.hold(*day))
        .flat_map(|day| instants(zone, day * DAY_MS + opening.from.0 * MINUTE_MS));
    // an opening is also entered where the clocks jump forward into it, or back into it from behind its end
    let jumps = jiff::Timestamp::from_millisecond(at.millis()).ok().into_iter().flat_map(|at| {
        let until = at.as_millisecond() + DAYS_AHEAD * DAY_MS;
        let jumps = zone.following(at).map(|jump| jump.timestamp().as_millisecond());
        jumps.take_while(move |jump| *jump <= until)
    });
    starts.chain(jumps).map(Timestamp::from_millis).filter(|candidate| *candidate >= at && opening.is_open(*candidate)).min()
}

/// The instants at which a wall clock shows this: none where the clocks skip it, two where they repeat it.
fn instants(zone: &TimeZone, wall_ms: i64) -> impl Iterator<Item = i64> {
    let shown = jiff::Timestamp::from_millisecond(wall_ms).ok().map(|wall| TimeZone::UTC.to_datetime(wall));
    let offsets = match shown.map(|shown: DateTime| zone.to_ambiguous_timestamp(shown).offset()) {
        Some(AmbiguousOffset::Unambiguous { offset }) => [Some(offset), None],
        Some(AmbiguousOffset::Fold { before, after }) => [Some(before), Some(after)],
        Some(AmbiguousOffset::Gap { .. }) | None => [None, None],
    };
    offsets.into_iter().flatten().map(move |offset| wall_ms - i64::from(offset.seconds()) * 1000)
}
