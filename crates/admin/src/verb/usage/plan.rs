//! Who used a plan by threads? Its price of a month, shared by how long each kept a thread at work, to the nano-dollar.

use std::collections::BTreeMap;

use tollgate_books::UsageRow;
use tollgate_model::{Money, Name};

/// Each label's part of the plans, in nano-dollars. The parts of a plan that was used add up to its price: what division leaves goes
/// to those from whom most was cut off.
pub(super) fn shares(rows: &[UsageRow], label: impl Fn(&UsageRow) -> String, plans: &BTreeMap<Name, Money>) -> BTreeMap<String, i64> {
    let mut shares: BTreeMap<String, i64> = BTreeMap::new();
    for (upstream, monthly) in plans {
        let mut busy: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.upstream == *upstream && row.busy_ms > 0) {
            let sum = busy.entry(label(row)).or_default();
            *sum = sum.saturating_add(row.busy_ms);
        }
        for (label, part) in parts(busy, *monthly) {
            let sum = shares.entry(label).or_default();
            *sum = sum.saturating_add(part);
        }
    }
    shares
}

fn parts(busy: BTreeMap<String, i64>, monthly: Money) -> Vec<(String, i64)> {
    let (price, total) = (i128::from(monthly.nanos()), busy.values().map(|busy| i128::from(*busy)).sum::<i128>().max(1));
    let mut parts: Vec<(String, i64, i128)> = Vec::new();
    for (label, busy) in busy {
        let whole = price * i128::from(busy);
        parts.push((label, i64::try_from(whole / total).unwrap_or(i64::MAX), whole % total));
    }
    let given: i128 = parts.iter().map(|(_, part, _)| i128::from(*part)).sum();
    let left = usize::try_from(price - given).unwrap_or(0);
    parts.sort_by_key(|(_, _, cut)| std::cmp::Reverse(*cut));
    parts.iter_mut().take(left).for_each(|(_, part, _)| *part = part.saturating_add(1));
    parts.into_iter().map(|(label, part, _)| (label, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(busy: &[i64], nanos: i64) -> Vec<i64> {
        let busy = busy.iter().enumerate().map(|(place, busy)| (place.to_string(), *busy)).collect();
        let mut parts = parts(busy, Money::from_nanos(nanos));
        parts.sort();
        parts.into_iter().map(|(_, part)| part).collect()
    }

    #[test]
    fn a_plan_is_shared_by_the_time_of_its_threads_and_nothing_is_lost() {
        assert_eq!(shared(&[1_000, 3_000], 90_000_000_000), [22_500_000_000, 67_500_000_000]);
        assert_eq!(shared(&[1, 1, 1], 100).iter().sum::<i64>(), 100);
        assert_eq!(shared(&[1, 2], 100), [33, 67]);
        assert_eq!(shared(&[], 100), Vec::<i64>::new());
        assert_eq!(shared(&[i64::MAX, i64::MAX], i64::MAX).iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(i64::MAX));
    }
}
