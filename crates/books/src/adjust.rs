//! What did an operator correct? Money alone, put beside what was bought, up or down; what is taken off is taken off purchases.

use tollgate_model::{KeyId, Money, Name, RequestId, Timestamp};

/// One entry of a correction: it counts in the windows of its instant, for its key, its team and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The entry.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The key's team.
    pub team: Option<Name>,
    /// The account.
    pub upstream: Name,
    /// The method that it stands under.
    pub method: String,
    /// The instant that decides its windows.
    pub at: Timestamp,
    /// How much more was spent; below zero: less.
    pub amount: Money,
}

/// What a key has settled in a minute, corrections included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// When the minute began.
    pub at: Timestamp,
    /// The team that it was bought for.
    pub team: Option<Name>,
    /// The account.
    pub upstream: Name,
    /// The method or task type.
    pub method: String,
    /// How much; never below zero.
    pub settled: Money,
}

/// From which minutes an amount is taken off, and how much of each: the dearest first, and of none more than was settled in it, so
/// that no window of any zone or period counts less than nothing. Nothing if all of them hold less; so much they hold.
pub fn taken_off(mut spent: Vec<Spent>, amount: Money) -> Result<Vec<(Spent, Money)>, Money> {
    let sum = |so_far: i64, one: &Spent| so_far.saturating_add(one.settled.nanos());
    let all = spent.iter().fold(0, sum);
    if all < amount.nanos() {
        return Err(Money::from_nanos(all));
    }
    spent.sort_by_key(|one| (std::cmp::Reverse(one.settled), std::cmp::Reverse(one.at)));
    let mut rest = amount.nanos();
    let mut parts = Vec::new();
    for one in spent {
        let part = one.settled.nanos().min(rest);
        if part <= 0 {
            break;
        }
        rest = rest.saturating_sub(part);
        parts.push((one, Money::from_nanos(part)));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(minute: i64, nanos: i64) -> Spent {
        let name = |text| Name::parse(text).unwrap();
        let (upstream, method, settled) = (name("solver"), "post".to_owned(), Money::from_nanos(nanos));
        Spent { at: Timestamp::from_millis(minute * 60_000), team: None, upstream, method, settled }
    }

    fn parts(all: &[(i64, i64)], amount: i64) -> Result<Vec<(i64, i64)>, i64> {
        let all = all.iter().map(|(minute, nanos)| spent(*minute, *nanos)).collect();
        let parts = taken_off(all, Money::from_nanos(amount)).map_err(Money::nanos)?;
        Ok(parts.into_iter().map(|(one, part)| (one.at.millis() / 60_000, part.nanos())).collect())
    }

    #[test]
    fn what_is_taken_off_is_taken_off_the_dearest_minutes_and_none_falls_below_nothing() {
        assert_eq!(parts(&[(1, 5), (2, 9), (3, 0)], 9), Ok(vec![(2, 9)]));
        assert_eq!(parts(&[(1, 5), (2, 9), (3, 5)], 16), Ok(vec![(2, 9), (3, 5), (1, 2)]));
        assert_eq!(parts(&[(1, 5), (2, 9)], 14), Ok(vec![(2, 9), (1, 5)]));
    }

    #[test]
    fn more_than_was_settled_is_not_taken_off() {
        assert_eq!(parts(&[(1, 5), (2, 9)], 15), Err(14));
        assert_eq!(parts(&[], 1), Err(0));
    }
}
