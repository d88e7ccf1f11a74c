//! From when, until when, and how long unused may a key act?

use tollgate_model::{Denial, DenialCode, Timestamp};

/// A key's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// First instant at which it acts.
    pub not_before: Option<Timestamp>,
    /// First instant at which it no longer acts.
    pub expires: Option<Timestamp>,
    /// Milliseconds without use after which it no longer acts.
    pub idle_ms: Option<i64>,
}

impl Validity {
    /// Whether the key has begun; the wait is told.
    pub fn begun(&self, now: Timestamp) -> Result<(), Denial> {
        match self.not_before {
            Some(first) if now < first => {
                let wait = first.millis().saturating_sub(now.millis());
                let denial = Denial::new(DenialCode::NotYetValid, format!("valid from {first}"));
                Err(denial.retry_after(u64::try_from(wait).unwrap_or(0)))
            }
            _ => Ok(()),
        }
    }

    /// Whether the key has ended, by expiry or by being unused since `last_used`.
    pub fn is_over(&self, now: Timestamp, last_used: Timestamp) -> bool {
        let over = |end: Timestamp| now >= end;
        self.expires.is_some_and(over) || self.idle_ms.is_some_and(|idle| over(last_used.plus_millis(idle)))
    }

    /// Whether the key has not ended, in words; `last_used` is its last use, or its creation if it was never used.
    pub fn unended(&self, now: Timestamp, last_used: Timestamp) -> Result<(), Denial> {
        if let Some(end) = self.expires
            && now >= end
        {
            return Err(Denial::new(DenialCode::Expired, format!("expired at {end}")));
        }
        match self.idle_ms.map(|idle| last_used.plus_millis(idle)) {
            Some(end) if now >= end => Err(Denial::new(DenialCode::Expired, format!("unused since {last_used}, idle since {end}"))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_key_begins_at_its_first_instant_and_ends_before_its_last() {
        let life = Validity { not_before: Some(at(100)), expires: Some(at(200)), idle_ms: None };
        let early = life.begun(at(99)).unwrap_err();
        assert_eq!((early.code, early.retry_after_ms), (DenialCode::NotYetValid, Some(1)));
        assert_eq!(life.begun(at(100)), Ok(()));
        assert_eq!(life.unended(at(199), at(0)), Ok(()));
        assert_eq!(life.unended(at(200), at(199)).unwrap_err().code, DenialCode::Expired);
    }

    #[test]
    fn over_is_over_in_words_and_without() {
        for life in [Validity { expires: Some(at(200)), ..Validity::default() }, Validity { idle_ms: Some(50), ..Validity::default() }] {
            for (now, used) in [(0, 0), (49, 0), (50, 0), (199, 180), (200, 180), (201, 0)] {
                assert_eq!(life.is_over(at(now), at(used)), life.unended(at(now), at(used)).is_err(), "{life:?} at {now}");
            }
        }
        assert!(!Validity::default().is_over(at(i64::MAX), at(0)));
    }

    #[test]
    fn an_unused_key_ends_when_its_idle_time_is_over() {
        let life = Validity { idle_ms: Some(1000), ..Validity::default() };
        assert_eq!(life.unended(at(1999), at(1000)), Ok(()));
        assert_eq!(life.unended(at(2000), at(1000)).unwrap_err().code, DenialCode::Expired);
        assert_eq!(life.unended(at(2000), at(1001)), Ok(()));
    }

    #[test]
    fn tm_07_the_far_ends_of_time_do_not_wrap() {
        let life = Validity { not_before: Some(at(i64::MAX)), expires: Some(at(i64::MIN)), idle_ms: Some(i64::MAX) };
        assert_eq!(life.begun(at(i64::MIN)).unwrap_err().code, DenialCode::NotYetValid);
        assert_eq!(life.unended(at(i64::MIN), at(i64::MAX)).unwrap_err().code, DenialCode::Expired);
    }
}
