//! Slices of one second in turn over the contestants, every other round in the other order.

use std::time::Duration;

use anyhow::Result;

use super::figure::Spread;
use super::load::Took;

/// Below it a slice says more about its disturbance than about the contestant.
const FEWEST: u32 = 1_000;

/// One contestant's second.
pub(crate) struct Slice {
    pub(crate) took: Took,
    /// Requests of its warm-up.
    pub(crate) around: u32,
    /// Of the contestant, of the provider's stand-in, and of the load's driver.
    pub(crate) cpu: Duration,
    pub(crate) upstream: Duration,
    pub(crate) driver: Duration,
}

impl Slice {
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.took.requests)
    }

    pub(crate) fn upstream_us(&self) -> f64 {
        self.upstream.as_secs_f64() * 1e6 / f64::from(self.took.requests)
    }

    /// The stand-in does the same for every request, so that its CPU measures the machine's noise in this very second.
    pub(crate) fn norm(&self) -> f64 {
        self.cpu.as_secs_f64() / self.upstream.as_secs_f64()
    }

    /// Why it cannot be counted.
    fn fault(&self) -> Option<String> {
        match &self.took.wrong {
            Some(wrong) => Some(format!("an answer was {wrong:?}")),
            None if self.took.requests < FEWEST => Some(format!("{} requests are too few", self.took.requests)),
            None => None,
        }
    }
}

/// Some rounds: a slice for each contestant in their order, none where it could not be counted.
pub(crate) struct Rounds {
    names: Vec<String>,
    rounds: Vec<Vec<Option<Slice>>>,
}

impl Rounds {
    /// Runs them, each by what is beside its name; what is not counted is said.
    pub(crate) fn run<T>(contestants: &[(String, T)], rounds: usize, mut slice: impl FnMut(&T) -> Result<Slice>) -> Result<Self> {
        let mut all = Self { names: contestants.iter().map(|(name, _)| name.clone()).collect(), rounds: Vec::new() };
        for round in 0..rounds {
            let mut slices: Vec<Option<Slice>> = contestants.iter().map(|_| None).collect();
            let mut turns: Vec<_> = contestants.iter().zip(&mut slices).collect();
            if !round.is_multiple_of(2) {
                turns.reverse();
            }
            for ((name, contestant), place) in turns {
                let taken = slice(contestant)?;
                match taken.fault() {
                    Some(fault) => println!("round {}: {name} is not counted, {fault}", round + 1),
                    None => *place = Some(taken),
                }
            }
            all.rounds.push(slices);
        }
        Ok(all)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Rounds in which its slice counts.
    pub(crate) fn counted(&self, name: &str) -> usize {
        self.of(name).count()
    }

    /// A figure of one contestant.
    pub(crate) fn spread(&self, name: &str, figure: impl Fn(&Slice) -> f64) -> Result<Spread> {
        Spread::of(self.of(name).map(figure))
    }

    /// A figure of one against another's of the same round.
    pub(crate) fn beside(&self, name: &str, other: &str, figure: impl Fn(&Slice, &Slice) -> f64) -> Result<Spread> {
        let pairs = self.rounds.iter().filter_map(|round| Some((self.at(round, name)?, self.at(round, other)?)));
        Spread::of(pairs.map(|(one, other)| figure(one, other)))
    }

    /// Over all contestants.
    pub(crate) fn all(&self, figure: impl Fn(&Slice) -> f64) -> Result<Spread> {
        Spread::of(self.rounds.iter().flatten().flatten().map(figure))
    }

    fn of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Slice> {
        self.rounds.iter().filter_map(move |round| self.at(round, name))
    }

    fn at<'s>(&self, round: &'s [Option<Slice>], name: &str) -> Option<&'s Slice> {
        let place = self.names.iter().position(|other| *other == name)?;
        round.get(place)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(requests: u32, cpu_ms: u64, wrong: Option<&str>) -> Slice {
        let took = Took { requests, wrong: wrong.map(str::to_owned), ..Took::default() };
        Slice { took, around: 0, cpu: Duration::from_millis(cpu_ms), upstream: Duration::from_millis(100), driver: Duration::ZERO }
    }

    fn rounds(slices: Vec<Vec<Option<Slice>>>) -> Rounds {
        Rounds { names: vec!["one".to_owned(), "other".to_owned()], rounds: slices }
    }

    #[test]
    fn a_ratio_is_of_two_slices_of_the_same_round() {
        let counted = rounds(vec![
            vec![Some(slice(10_000, 100, None)), Some(slice(10_000, 200, None))],
            vec![Some(slice(10_000, 400, None)), None],
            vec![Some(slice(10_000, 300, None)), Some(slice(10_000, 300, None))],
        ]);
        let ratio = counted.beside("other", "one", |other, one| other.cpu_us() / one.cpu_us()).unwrap();
        assert_eq!(ratio.to_string(), "2.00 (1.00..2.00)");
        assert_eq!((counted.counted("one"), counted.counted("other")), (3, 2));
        assert_eq!(counted.spread("one", Slice::norm).unwrap().to_string(), "3.00 (1.00..4.00)");
    }

    #[test]
    fn a_wrong_answer_and_too_few_requests_are_not_counted() {
        assert!(slice(10_000, 1, Some("no")).fault().unwrap().contains("no"));
        assert!(slice(999, 1, None).fault().unwrap().contains("999"));
        assert_eq!(slice(1_000, 1, None).fault(), None);
    }
}
