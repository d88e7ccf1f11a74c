//! Where does a limit stand, for those who ask?

use tollgate_model::{Limit, Timestamp};

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
}
