//! What has an account spent since the process began? Two sums, to be held against what the provider says.

use tollgate_model::Money;

/// An account's money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Settled since the process began. An operator's corrections are not in it: the provider's balance knows of what they correct.
    pub settled: Money,
    /// Sent, and open or of unknown outcome now.
    pub held: Money,
}

impl Ledger {
    /// About to be sent, or found open at a start.
    pub(crate) fn holds(&mut self, held: Money) {
        self.held = plus(self.held, held.nanos());
    }

    /// Ended at its cost, or with nothing.
    pub(crate) fn ends(&mut self, held: Money, settled: Money) {
        self.held = plus(self.held, held.nanos().saturating_neg());
        self.settled = plus(self.settled, settled.nanos());
    }
}

const fn plus(sum: Money, nanos: i64) -> Money {
    Money::from_nanos(sum.nanos().saturating_add(nanos))
}
