//! Where does a limit stand, for those who ask?

use serde::Serialize;
use tollgate_model::{Amount, Limit, LimitKind, Money, Reset, Scope, Timestamp};

/// One limit and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitView {
    /// The limit.
    pub limit: Limit,
    /// Used in the present window: nano-dollars, tasks or open holds; for a rate those of the burst.
    pub used: i64,
    /// What is left, in the same unit; never negative.
    pub left: i64,
    /// Whether the book has told what was used; if not, `used` and `left` are as of nothing used.
    pub known: bool,
    /// When the window ends; of a rolling period, when it has room again, if it has none.
    pub resets_at: Option<Timestamp>,
    /// Until when there is more of it than its own amount.
    pub raised_until: Option<Timestamp>,
}

impl LimitView {
    /// When its window begins anew, the next few times.
    pub fn next_resets(&self, now: Timestamp) -> Vec<Reset> {
        match &self.limit.kind {
            LimitKind::Cap { period, zone, .. } => period.next_resets(zone, now),
            LimitKind::Rate(_) | LimitKind::Concurrency(_) => Vec::new(),
        }
    }

    /// Whose limit it is, in a word.
    pub const fn scope(&self) -> &'static str {
        match self.limit.scope {
            Scope::Key(_) => "key",
            Scope::Team(_) => "team",
            Scope::Upstream(_) => "upstream",
        }
    }

    /// As people and programs are shown it.
    pub fn shown(&self) -> LimitShown {
        let (unit, amount): (_, fn(i64) -> Units) = match self.limit.kind {
            LimitKind::Cap { amount: Amount::Money(_), .. } => ("usd", |nanos| Units::Money(Money::from_nanos(nanos).to_string())),
            LimitKind::Cap { amount: Amount::Tasks(_), .. } => ("tasks", Units::Count),
            LimitKind::Rate(_) => ("requests", Units::Count),
            LimitKind::Concurrency(_) => ("open", Units::Count),
        };
        LimitShown {
            limit: self.limit.kind.to_string(),
            scope: self.scope(),
            used: amount(self.used),
            left: amount(self.left),
            unit,
            resets_at: self.resets_at.map(|at| at.to_string()),
            raised_until: self.raised_until.map(|at| at.to_string()),
            known: self.known,
            next_resets: None,
        }
    }

    /// The same, with the next times at which its window begins anew.
    pub fn shown_with_resets(&self, now: Timestamp) -> LimitShown {
        let resets = self.next_resets(now).into_iter();
        let resets = resets.map(|reset| ResetShown { at: reset.at.to_string(), odd_hours: reset.odd_hours() });
        LimitShown { next_resets: Some(resets.collect()), ..self.shown() }
    }
}

/// A limit and what is left of it, in words: money in decimal dollars, instants in RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitShown {
    limit: String,
    scope: &'static str,
    used: Units,
    left: Units,
    unit: &'static str,
    resets_at: Option<String>,
    raised_until: Option<String>,
    known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_resets: Option<Vec<ResetShown>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Units {
    Money(String),
    Count(i64),
}

/// When a window begins anew; and of how many hours the one before is, if a change of clocks lies in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ResetShown {
    at: String,
    odd_hours: Option<String>,
}
