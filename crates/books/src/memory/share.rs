//! What is one holder's part of a counter?

/// One holder's part of a counter.
#[derive(Clone, Copy, Default)]
pub(super) struct Share {
    /// The sum of its posted holds in the window.
    pub(super) posted: i64,
    /// Lost with a machine: counted as used.
    pub(super) stranded: i64,
    pub(super) ceiling: i64,
    /// The machine died; what was lost is counted at the next lease, when the journal has been replayed.
    pub(super) died: bool,
}

impl Share {
    pub(super) const fn used(&self) -> i64 {
        self.posted.saturating_add(self.stranded)
    }

    pub(super) fn reserved(&self) -> i64 {
        self.ceiling.max(self.used())
    }

    /// What was lost with the machine counts as used.
    pub(super) fn strand(&mut self) {
        if self.died {
            self.stranded += (self.ceiling - self.used()).max(0);
            self.died = false;
        }
    }

    pub(super) fn lost(&self) -> i64 {
        if self.died { self.reserved() - self.posted } else { self.stranded }
    }
}
